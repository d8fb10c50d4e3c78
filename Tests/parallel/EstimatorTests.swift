import TestSupport
import Testing

/// The library's estimator and its example on real ranks.
@Suite struct EstimatorTests {
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

  /// A network and a layer that bt-dist does not have: they train, resume after a stop, and keep the same bits.
  @Test func anEncoderOfOnesOwnTrains() throws {
    let folder = try TemporaryFolder()
    var outputs: [String] = []
    for (ranks, run) in [(nil, "alone"), (2, "two"), (4, "four")] {
      let result = try Launch.run("custom-encoder", [folder.file(run)], ranks: ranks)
      try #require(result.code == 0, "\(result.text)")
      outputs.append(String(result.output.split(separator: "\n").last ?? ""))
      let losses = try RunResult(folder.file(run)).losses
      #expect(losses.count == 50 && losses[49] < 0.7 * losses[0])
    }
    #expect(outputs[0].hasPrefix("640 × 16 features of 4 classes") && Set(outputs).count == 1)
    let digests = try ["alone", "two", "four"].map { try RunResult(folder.file($0)).digests(50) }
    #expect(Set(digests).count == 1)
    let again = try Launch.run("custom-encoder", [folder.file("two")], ranks: 1)
    #expect(again.code == 0 && again.output.contains(outputs[0]) && again.output.contains("resumed"))
  }
}
