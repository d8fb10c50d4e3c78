import TestSupport
import Testing

@Suite struct CollectiveTests {
  /// Sums along the tree, bucket sums and gathers of short and long messages, with other numbers on every rank.
  @Test(arguments: [1, 2, 3, 4, 8])
  func sumsAreRight(ranks: Int) throws {
    let result = try Launch.run("rank-probe", ["sums"], ranks: ranks)
    #expect(result.code == 0, "\(result.text)")
  }

  /// A failure of one rank is thrown by all of them.
  @Test(arguments: [1, 2, 3])
  func oneRanksFailureReachesAll(ranks: Int) throws {
    let result = try Launch.run("rank-probe", ["disagreement"], ranks: ranks)
    #expect(result.code == 0, "\(result.text)")
    let lines = result.output.split(separator: "\n").filter { $0 == "agreed: 65 the planted fault" }
    #expect(lines.count == ranks, "\(result.text)")
  }
}
