import Layers

/// A batch that is whole on this rank and passes on what backward tells it.
final class WatchedBatch: GlobalBatch {
  /// Called when all gradients below an arena offset are complete.
  var completed: ((_ end: Int) -> Void)?
  private let batch: LocalBatch

  init(shards: Int) { batch = LocalBatch(shards: shards) }

  var shards: Int { batch.shards }
  var localShards: Range<Int> { batch.localShards }
  func beginSum(_ leaves: UnsafeMutablePointer<Double>, count: Int) { batch.beginSum(leaves, count: count) }
  func finishSum(at place: String) {}
  func gather(_ all: UnsafeMutablePointer<Float>, countPerShard: Int, at place: String) {}
  func gradientsCompleted(below end: Int) { completed?(end) }
}
