import Diagnostics

/// How a batch is shared out: B samples in S equal shards, of which each of N ranks has S/N.
///
/// Where the three do not go together, the remedy is computed: each number that it names goes with the others.
package struct BatchSplit {
  /// nil: chosen by the program, a multiple of the shards.
  package var batchSize: Int?
  package var shards: Int
  /// Whether the shards were asked for; otherwise they are as many as ranks.
  package var areShardsGiven = true
  /// nil: not known yet.
  package var ranks: Int?
  /// Of the data; nil: not known yet.
  package var samples: Int?
  /// Of the run that is resumed, which can change neither its batch nor this; nil: a new run.
  package var shardsOfRun: Int?

  package init(batchSize: Int?, shards: Int) { (self.batchSize, self.shards) = (batchSize, shards) }

  /// nil where all goes together; otherwise a usage failure.
  package func failure(at location: String) -> Failure? {
    guard shards >= 1 else { return nil }
    let isCut = isMultiple(of: shards)
    if isCut, shards % (ranks ?? 1) == 0 { return nil }
    let found =
      (batchSize.map { $0.counted("sample") + ", " } ?? "") + shards.counted("shard")
      + (ranks.map { ", " + $0.counted("rank") } ?? "")
    return Failure(
      .usage,
      isCut ? "the shards cannot be shared out evenly over the ranks" : "the batch cannot be cut into equal shards",
      at: location,
      expected: "a batch size that is a multiple of the shards, and these of the ranks (by default their number)",
      found: found, remedy: remedies.isEmpty ? nil : remedies.joined(separator: ", or "))
  }

  private var remedies: [String] {
    var remedies: [String] = []
    if shardsOfRun == nil {
      let batches = otherBatchSizes.map { "\(option: "batch-size") \($0)" }.joined(separator: " or ")
      if !batches.isEmpty {
        remedies.append("give \(batches)" + (isSharedOut ? "" : " with \(option: "shards") \(step)"))
      }
      if let other = otherShards { remedies.append("give \(option: "shards") \(other)") }
    }
    if let other = otherRanks { remedies.append("start \(other.counted("rank"))") }
    return remedies
  }

  /// Whether the batch falls into so many shards.
  private func isMultiple(of shards: Int) -> Bool { batchSize.map { $0 % shards == 0 } ?? true }

  private var isSharedOut: Bool { shards % (ranks ?? 1) == 0 }

  /// The shards that a remedy keeps or, where the ranks cannot share them out, takes instead.
  private var step: Int { isSharedOut ? shards : ranks ?? 1 }

  /// The multiples of the shards next to the batch size that the data can fill; empty if it is one itself.
  private var otherBatchSizes: [Int] {
    guard let batchSize, batchSize % step != 0 else { return [] }
    let below = min(batchSize, samples ?? .max) / step * step
    let (above, isTooLarge) = below.addingReportingOverflow(step)
    return [below, isTooLarge ? 0 : above].filter { $0 >= 2 && $0 <= samples ?? .max }
  }

  /// The number of shards nearest to the one asked for that the ranks share out and the batch falls into.
  private var otherShards: Int? {
    guard areShardsGiven, let ranks, isMultiple(of: ranks) else { return nil }
    let most = min((batchSize ?? shards) / ranks, Self.mostTried)
    let possible = (1...max(1, most)).lazy.map { $0 * ranks }.filter(isMultiple)
    return possible.min { abs($0 - shards) < abs($1 - shards) }
  }

  /// The largest smaller number of ranks with which all goes together.
  private var otherRanks: Int? {
    guard let ranks, ranks > 1 else { return nil }
    return (1..<ranks).last { other in
      if let shardsOfRun { return isMultiple(of: Self.leastCommonMultiple(shardsOfRun, other)) }
      return areShardsGiven ? isMultiple(of: shards) && shards % other == 0 : isMultiple(of: other)
    }
  }

  /// No job has more shards a rank.
  private static let mostTried = 1 << 16

  /// Of two numbers of at least 1; what is too much for an Int is too much for a run, which says so.
  package static func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    let (multiple, isTooLarge) = (a / divisor(a, b)).multipliedReportingOverflow(by: b)
    return isTooLarge ? .max : multiple
  }
}
