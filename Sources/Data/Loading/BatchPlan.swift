import Diagnostics

/// Which samples a step trains on: a function of the step, the same on every rank.
///
/// Steps are counted from 0 over the whole run; step k lies in epoch k / `stepsPerEpoch`. Only whole batches are taken
/// from an epoch. Shard s of a batch has the B/S consecutive positions of the epoch's order that begin at s·B/S.
package struct BatchPlan: Sendable {
  package let order: EpochOrder
  /// B: samples a step over all ranks.
  package let batchSize: Int
  /// S: the parts of the batch.
  package let shards: Int
  package let stepsPerEpoch: Int

  /// `count` samples, of which an epoch takes at most `limit` batches. Errors: `Failure(.usage)` for batches that are
  /// larger than the data set, or that do not fall into equal shards.
  package init(
    count: Int, batchSize: Int, shards: Int, seed: UInt64, shuffle: Bool = true, limit: Int = .max
  ) throws {
    guard batchSize >= 1 else {
      throw Failure(
        .usage, "the batch is empty", at: "\(option: "batch-size")", expected: "at least 1", found: "\(batchSize)")
    }
    guard batchSize <= count else {
      throw Failure(
        .usage, "the batch is larger than the data set", at: "\(option: "batch-size")", expected: "at most \(count)",
        found: "\(batchSize)", remedy: "give a smaller \(option: "batch-size") or more data")
    }
    guard shards >= 1, batchSize % shards == 0 else {
      throw Failure(
        .usage, "the batch does not fall into equal shards", at: "\(option: "batch-size"), \(option: "shards")",
        expected: "a number of shards of at least 1 that divides the batch",
        found: "\(batchSize.counted("sample")), \(shards.counted("shard"))",
        remedy: shards >= 1
          ? "give a multiple of \(shards), \(option: "batch-size") \(max(1, batchSize / shards) * shards)" : nil)
    }
    (self.batchSize, self.shards) = (batchSize, shards)
    order = EpochOrder(count: count, seed: seed, shuffle: shuffle)
    stepsPerEpoch = min(limit, count / batchSize)
  }

  /// B/S.
  package var samplesPerShard: Int { batchSize / shards }
  /// Samples of an epoch that are left out, because they fill no batch or are beyond the limit. Different ones each
  /// time, when shuffled.
  package var samplesLeftOut: Int { order.count - stepsPerEpoch * batchSize }

  package func epoch(ofStep step: Int) -> Int { step / stepsPerEpoch }

  /// The sample at a place (0 to B − 1) of a step's batch.
  package func sample(step: Int, place: Int) -> Int {
    order.sample(at: step % stepsPerEpoch * batchSize + place, epoch: epoch(ofStep: step))
  }

  /// The samples of a step's batch, shard by shard.
  package func sampleNumbers(step: Int) -> [Int] { (0..<batchSize).map { sample(step: step, place: $0) } }
}
