import Benchmarking
import Testing

@Suite struct SpreadTests {
  @Test(
    arguments: [
      ([3], 3, 3, 3), ([5, 1, 2], 2, 1, 5), ([4, 1, 3, 2], 2.5, 1, 4), ([1, 1, 9], 1, 1, 9),
    ] as [([Double], Double, Double, Double)])
  func middleAndEnds(values: [Double], median: Double, minimum: Double, maximum: Double) {
    let spread = Spread(values)
    #expect(spread.median == median && spread.minimum == minimum && spread.maximum == maximum)
  }
}
