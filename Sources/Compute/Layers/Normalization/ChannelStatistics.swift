import Tensors

/// Pairs of sums for each view and channel over the whole batch: what batch norm and standardisation ask of all ranks.
package final class ChannelStatistics {
  /// For messages about a rank that does not come.
  package enum Pass: Sendable { case forward, backward }

  private let tiles: ChannelTiles
  private let batch: any GlobalBatch
  private let partials: AlignedBuffer<Double>
  /// One row per local shard: `[(view · channels + channel) · 2 + {0, 1}]`.
  private let leaves: AlignedBuffer<Double>
  private let width: Int
  private let places: (forward: String, backward: String)

  /// - Parameter name: the layer's, for messages about a rank that does not arrive.
  package init(_ name: String, _ tiles: ChannelTiles, _ batch: any GlobalBatch) throws {
    (self.tiles, self.batch) = (tiles, batch)
    places = ("\(name), forward", "\(name), backward")
    width = tiles.views * tiles.shape.channels * 2
    partials = try AlignedBuffer(tiles.partialCount)
    leaves = try AlignedBuffer(batch.localShards.count, width)
  }

  /// Elements of one channel in one view over all shards.
  package var elementsPerView: Double { Double(tiles.elementsPerView * batch.shards) }

  /// Lets `leaf(shard, partials, sums)` fill each local shard's sums, then adds them over all shards of all ranks.
  ///
  /// - Parameter meanwhile: work that does not need the sums, done while they travel.
  package func sum(
    _ pass: Pass, meanwhile: () throws -> Void = {},
    _ leaf: (_ shard: Int, _ partials: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>) -> Void
  ) throws {
    for shard in 0..<batch.localShards.count { leaf(shard, partials.pointer, leaves.pointer + shard * width) }
    try batch.beginSum(leaves.pointer, count: width)
    try meanwhile()
    try batch.finishSum(at: pass == .forward ? places.forward : places.backward)
  }

  /// The pair of sums over the whole batch, after `sum`.
  package func total(view: Int, channel: Int) -> (Double, Double) {
    let pair = leaves.pointer + (view * tiles.shape.channels + channel) * 2
    return (pair[0], pair[1])
  }
}
