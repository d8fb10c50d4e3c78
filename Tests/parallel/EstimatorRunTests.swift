import TestSupport
import Testing

/// The library's estimator on real ranks.
@Suite struct EstimatorRunTests {
  /// What each rank got from each method, and the saved file: the same on every rank of any number of ranks.
  @Test func everyMethodGivesTheSameOnEveryRank() throws {
    let folder = try TemporaryFolder()
    var results: [String] = []
    for ranks in [1, 2, 4] {
      let place = try folder.folder("\(ranks)")
      let result = try Launch.run("rank-probe", ["estimator", place], ranks: ranks)
      try #require(result.code == 0, "\(result.text)")
      results += (0..<ranks).map { folder.text("\(ranks)/rank-\($0)") }
      #expect(try folder.bytes("\(ranks)/model.safetensors") == folder.bytes("1/model.safetensors"))
    }
    #expect(results.count == 7 && results[0].hasPrefix("step 7\n") && results.allSatisfy { $0 == results[0] })
  }
}
