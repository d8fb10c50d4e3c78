import TestSupport
import Testing

@Test func fixturesAreReadable() throws {
  let fixture = try Fixture("loss-16x8")
  #expect(try fixture.floats("z1").count == 128)
  #expect(try fixture.value("lambd", as: Double.self) == 0.005)
}
