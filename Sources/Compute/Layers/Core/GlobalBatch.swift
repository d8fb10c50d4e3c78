import Tensors

/// The batch of all ranks, as layers and losses see it: S shards, some of them here, and sums over all of them.
///
/// `DataParallel.ShardGroup` is the distributed one. Sums and gathers are collectives: all ranks call them in the same
/// order.
public protocol GlobalBatch: AnyObject {
  /// Shards of the whole batch, S.
  var shards: Int { get }
  /// The consecutive shards that this rank owns.
  var localShards: Range<Int> { get }

  /// Begins a sum over all shards, in double precision along the reduction tree. Other work may be done before
  /// `finishSum`, but no other sum.
  ///
  /// - Parameter leaves: `localShards.count` × `count` numbers, one row per local shard. Afterwards the first row holds
  ///   the sums, the same on every rank; the other rows are spent.
  func beginSum(_ leaves: UnsafeMutablePointer<Double>, count: Int) throws

  /// Waits for the sum that was begun.
  ///
  /// - Parameter place: what is summed, for messages about a rank that does not arrive.
  func finishSum(at place: String) throws

  /// Completes `all` on every rank, where each has filled its own shards' parts.
  ///
  /// - Parameter all: S × `countPerShard` numbers, in the order of the shards.
  func gather(_ all: UnsafeMutablePointer<Float>, countPerShard: Int, at place: String) throws

  /// Called in backward when all gradients below arena offset `end` are complete for this rank's shards, so that their
  /// sums over the ranks may begin. It does not wait.
  func gradientsCompleted(below end: Int) throws
}

extension GlobalBatch {
  /// Sums over all shards and waits for it.
  public func sum(_ leaves: UnsafeMutablePointer<Double>, count: Int, at place: String) throws {
    try beginSum(leaves, count: count)
    try finishSum(at: place)
  }
}

/// A batch that is whole on this rank: for inference, and as an oracle for the distributed one.
package final class LocalBatch: GlobalBatch {
  package let shards: Int
  package var localShards: Range<Int> { 0..<shards }

  package init(shards: Int = 1) { self.shards = shards }

  package func beginSum(_ leaves: UnsafeMutablePointer<Double>, count: Int) {
    ReductionTree.reduce(leaves, leaves: shards, count: count)
  }

  package func finishSum(at place: String) {}

  package func gather(_ all: UnsafeMutablePointer<Float>, countPerShard: Int, at place: String) {}

  package func gradientsCompleted(below end: Int) {}
}
