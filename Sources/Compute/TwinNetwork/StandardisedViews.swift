import Layers
import Tensors

/// The standardised embeddings a and b of the whole batch (each B × D), on every rank.
final class StandardisedViews {
  let batch: any GlobalBatch
  /// Rows of one shard in one view, b.
  let rows: Int
  /// D
  let features: Int
  let a: AlignedBuffer<Float>
  let b: AlignedBuffer<Float>
  /// The local shards' rows as standardisation writes them: for each shard a's, then b's.
  private let own: [AlignedBuffer<Float>]

  /// B
  var samples: Int { rows * batch.shards }
  /// Elements of one shard in one view.
  var shardCount: Int { rows * features }
  var localShards: Int { own.count }

  init(batch: any GlobalBatch, rows: Int, features: Int) throws {
    self.batch = batch
    self.rows = rows
    self.features = features
    a = try AlignedBuffer(rows, batch.shards, features, for: .loss)
    b = try AlignedBuffer(rows, batch.shards, features, for: .loss)
    own = try batch.localShards.map { _ in try AlignedBuffer(2, rows, features, for: .loss) }
  }

  func ownShard(_ index: Int) -> UnsafeMutablePointer<Float> { own[index].pointer }

  /// a's rows of local shard `index`.
  func ownA(_ index: Int) -> UnsafeMutablePointer<Float> { own[index].pointer }
  /// b's rows of local shard `index`.
  func ownB(_ index: Int) -> UnsafeMutablePointer<Float> { own[index].pointer + shardCount }

  /// Brings all ranks' rows together: 2·B·D floats.
  func gather() throws {
    for (index, shard) in batch.localShards.enumerated() {
      (a.pointer + shard * shardCount).update(from: ownA(index), count: shardCount)
      (b.pointer + shard * shardCount).update(from: ownB(index), count: shardCount)
    }
    try batch.gather(a.pointer, countPerShard: shardCount, at: "gather of view 1")
    try batch.gather(b.pointer, countPerShard: shardCount, at: "gather of view 2")
  }
}
