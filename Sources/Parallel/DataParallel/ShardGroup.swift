import Diagnostics
import Layers
import MPI
import Tensors

/// The shards of the global batch, shared out over the ranks: rank r of N owns S/N consecutive shards.
///
/// The distributed `GlobalBatch`. When S and N are powers of two every sum follows one binary tree over the shards and
/// does not depend on N; otherwise ranks are summed by MPI's allreduce, equal to rounding.
package final class ShardGroup: GlobalBatch {
  package let communicator: Communicator
  package let shards: Int
  package let localShards: Range<Int>
  package let reduction: Reduction
  /// Used in turn: what the last sum sent may still be under way when the next one begins.
  private let rankSums: [RankSum<Double>]
  private var turn = 0
  /// The sums of the gradients; nil before `sumGradients`.
  private var buckets: GradientBuckets?

  /// - Throws: a usage failure when the shards cannot be shared out evenly.
  package init(_ communicator: Communicator, shards: Int, reduction: Reduction = .tree) throws {
    guard shards >= 1, shards % communicator.size == 0 else {
      throw Failure(
        .usage, "\(shards.counted("shard")) cannot be shared out evenly over \(communicator.size.counted("rank"))",
        at: "\(option: "shards")",
        expected: "a multiple of the number of ranks", found: "\(shards)",
        remedy: "start a number of ranks that divides the shards")
    }
    let share = shards / communicator.size
    self.communicator = communicator
    self.shards = shards
    self.reduction = reduction
    localShards = communicator.rank * share..<(communicator.rank + 1) * share
    rankSums = try (0..<2).map { _ in try RankSum(communicator, reduction, .foreground) }
  }

  /// Whether results have the same bits on any number of ranks that is a power of two.
  package var isIndependentOfRanks: Bool {
    reduction == .tree && shards.nonzeroBitCount == 1 && communicator.size.nonzeroBitCount == 1
  }

  package func beginSum(_ leaves: UnsafeMutablePointer<Double>, count: Int) throws {
    ReductionTree.reduce(leaves, leaves: localShards.count, count: count)
    turn = 1 - turn
    try rankSums[turn].begin(UnsafeMutableBufferPointer(start: leaves, count: count))
  }

  package func finishSum(at place: String) throws {
    communicator.position.place = place
    try communicator.wait(meanwhile: moveGradients) { try rankSums[turn].advance() }
  }

  package func gather(_ all: UnsafeMutablePointer<Float>, countPerShard: Int, at place: String) throws {
    communicator.position.place = place
    let counts = [Int](repeating: localShards.count * countPerShard, count: communicator.size)
    try communicator.allGather(inPlace: all, counts: counts, meanwhile: moveGradients)
  }

  private func moveGradients() throws { try buckets?.advance() }

  // MARK: Gradients

  /// From now on sums the gradients of `arena` over the ranks, as backward completes them.
  ///
  /// For the one network that trains on this group; networks that take turns in a process have a group each.
  package func sumGradients(of arena: ParameterArena) throws {
    buckets = try GradientBuckets(arena, communicator, reduction)
  }

  /// Bytes that the gradients' sums allocate when they are first used.
  package var gradientSumBytes: Int { buckets?.bytes ?? 0 }

  package func gradientsCompleted(below end: Int) throws { try buckets?.completed(end) }

  /// Waits until all gradients are those of the global batch. A collective, after `sumGradients`.
  package func finishGradients() throws {
    guard let buckets else { throw Failure(.defect, "nobody said which gradients are to be summed") }
    try buckets.finish()
  }
}
