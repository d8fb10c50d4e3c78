import Diagnostics
import Layers
import MPI
import Tensors

/// The shards of the global batch, shared out over the ranks: rank r of N owns S/N consecutive shards.
///
/// The distributed `GlobalBatch`. When S and N are powers of two every sum follows one binary tree over the shards and
/// does not depend on N; otherwise ranks are summed by `MPI_Allreduce`, equal to rounding.
public final class ShardGroup: GlobalBatch {
  public let communicator: Communicator
  public let shards: Int
  public let localShards: Range<Int>
  private let tree: RankTree

  /// - Throws: a usage failure when the shards cannot be shared out evenly.
  public init(_ communicator: Communicator, shards: Int) throws {
    guard shards >= 1, shards % communicator.size == 0 else {
      throw Failure(
        .usage, "\(shards) shards cannot be shared out evenly over \(communicator.size) ranks", at: "--shards",
        expected: "a multiple of the number of ranks", found: "\(shards)",
        remedy: "start \(shards) ranks or a divisor of that, or choose --shards \(communicator.size)")
    }
    let share = shards / communicator.size
    (self.communicator, self.shards) = (communicator, shards)
    localShards = communicator.rank * share..<(communicator.rank + 1) * share
    tree = RankTree(communicator)
  }

  /// Whether results have the same bits on any number of ranks that is a power of two.
  public var isIndependentOfRanks: Bool {
    shards.nonzeroBitCount == 1 && communicator.size.nonzeroBitCount == 1
  }

  public func sum(_ leaves: UnsafeMutablePointer<Double>, count: Int) throws {
    ReductionTree.reduce(leaves, leaves: localShards.count, count: count)
    try tree.sum(leaves, count: count)
  }

  /// Sums parameter gradients, already summed over the local shards, over the ranks.
  public func sumOverRanks(_ gradients: UnsafeMutablePointer<Float>, count: Int) throws {
    try tree.sum(gradients, count: count)
  }

  public func gather(_ all: UnsafeMutablePointer<Float>, countPerShard: Int) throws {
    let counts = [Int](repeating: localShards.count * countPerShard, count: communicator.size)
    try communicator.allGather(inPlace: all, counts: counts)
  }
}
