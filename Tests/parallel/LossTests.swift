import Files
import TestSupport
import Testing

/// The loss and its gradient against nidl's in float64, each rank with its own rows of the batch.
@Suite struct LossTests {
  static let cases: [(name: String, ranks: Int)] =
    ["loss-16x8", "loss-64x64", "loss-8x32", "loss-32x512"].flatMap { name in [1, 2, 4].map { (name, $0) } }
    + [("loss-33x17", 1), ("loss-33x17", 3)]

  @Test(arguments: cases, ["primal", "dual"])
  func isNidls(_ fixtureCase: (name: String, ranks: Int), _ form: String) throws {
    let folder = try TemporaryFolder()
    let (out, ranks) = (folder.file("out.safetensors"), fixtureCase.ranks)
    let path = Fixture.path(fixtureCase.name + ".safetensors")
    let result = try Launch.run("rank-probe", ["loss", path, form, "\(ranks)", out], ranks: ranks)
    try #require(result.code == 0, "\(result.text)")

    let (found, expected) = (try SafetensorsFile(path: out), try Fixture(fixtureCase.name))
    for name in ["grad_z1", "grad_z2"] {
      #expect(relativeError(try found.floats(of: name), to: try expected.floats(name)) < 2e-6)
    }
    for name in ["loss", "invariance", "redundancy"] {
      let (value, reference) = (
        try #require(Double(found.metadata[name] ?? "")), try expected.value(name, as: Double.self)
      )
      #expect(abs(value - reference) <= 2e-6 * reference, "\(name): \(value) instead of \(reference)")
    }
    #expect(found.metadata["dead"] == "0")
  }
}
