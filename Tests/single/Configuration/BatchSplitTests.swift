import Configuration
import Diagnostics
import TestSupport
import Testing

/// Batches, shards and ranks that do not go together: whoever follows a remedy has mended it.
@Suite(.commandLine) struct BatchSplitTests {
  private func split(_ batch: Int, shards: Int?, ranks: Int, samples: Int, shardsOfRun: Int? = nil) -> BatchSplit {
    var split = BatchSplit(batchSize: batch, shards: shards ?? ranks)
    if let shardsOfRun { split.shards = BatchSplit.leastCommonMultiple(shardsOfRun, ranks) }
    split.areShardsGiven = shards != nil
    split.ranks = ranks
    split.samples = samples
    split.shardsOfRun = shardsOfRun
    return split
  }

  /// The number after a word of the remedy.
  private func number(after word: String, in text: Substring) -> Int? {
    text.range(of: word + " ").flatMap { Int(text[$0.upperBound...].prefix { $0.isNumber }) }
  }

  private static let shards: [Int?] = [nil, 1, 2, 3, 4, 5, 6, 8, 12]

  @Test(arguments: shards, 1...7) func everyRemedyWorks(shards: Int?, ranks: Int) throws {
    var failures = 0
    for batch in 2...40 {
      let tried = split(batch, shards: shards, ranks: ranks, samples: 41)
      guard let failure = tried.failure(at: "here") else { continue }
      failures += 1
      let remedy = try #require(failure.remedy, "\(batch) \(tried)")
      for way in remedy.components(separatedBy: ", or ").flatMap({ clause in
        clause.components(separatedBy: " or ").map {
          $0 + (clause.components(separatedBy: " with ").dropFirst().first.map { " with \($0)" } ?? "")
        }
      }) {
        let (otherBatch, otherShards) = (
          number(after: "--batch-size", in: way[...]), number(after: "--shards", in: way[...])
        )
        let otherRanks = number(after: "start", in: way[...])
        #expect(otherBatch != nil || otherShards != nil || otherRanks != nil, "\(remedy)")
        let mended = split(
          otherBatch ?? batch, shards: otherShards ?? shards, ranks: otherRanks ?? ranks, samples: 41)
        #expect(mended.failure(at: "here") == nil && (mended.batchSize ?? 99) <= 41, "\(batch), \(tried): \(remedy)")
      }
    }
    #expect(failures > 0 || (ranks == 1 && (shards ?? 1) == 1))
  }

  @Test func threeRanksGoInNoCircle() {
    let failure = split(32, shards: nil, ranks: 3, samples: 200).failure(at: "here")
    #expect(failure?.remedy == "give --batch-size 30 or --batch-size 33, or start 2 ranks")
    let given = split(32, shards: 2, ranks: 3, samples: 200).failure(at: "here")
    #expect(given?.remedy == "give --batch-size 30 or --batch-size 33 with --shards 3, or start 2 ranks")
    #expect(split(24, shards: 4, ranks: 3, samples: 200).failure(at: "")?.remedy == "give --shards 3, or start 2 ranks")
  }

  /// The batch of a run stays: only the ranks can be others.
  @Test func aResumedRunKeepsItsBatch() {
    let failure = split(32, shards: nil, ranks: 3, samples: 200, shardsOfRun: 2).failure(at: "here")
    #expect(failure?.remedy == "start 2 ranks")
  }

  /// Numbers at the edge of Int.
  @Test func hugeBatchesAreNoTrap() {
    #expect(
      split(.max - 1, shards: 4, ranks: 4, samples: .max).failure(at: "")?.remedy?.contains("--batch-size") == true)
    #expect(BatchSplit(batchSize: 32, shards: .max).failure(at: "") != nil)
  }
}
