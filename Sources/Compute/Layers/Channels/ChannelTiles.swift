import Tensors

/// Cuts one shard's tensor into tiles for kernels that work channel by channel: batch norm and standardisation.
///
/// A tile is a block of neighbouring channels over some samples of one view. What a tile computes does not depend on
/// the threads, and tiles are combined in a fixed order.
package struct ChannelTiles: Sendable {
  package let shape: TensorShape
  /// Views in the tensor: 2 in training (first half of the samples, second half), 1 otherwise.
  package let views: Int
  /// Channels of a block: one vector.
  let width: Int
  let blocks: Int
  let samplesPerView: Int
  let samplesPerTile: Int
  let tilesPerView: Int
  let blockStride: Int

  package init(_ shape: TensorShape, views: Int) {
    (self.shape, self.views) = (shape, views)
    switch shape.layout {
    case .blocked(let width):
      self.width = width
      blockStride = shape.plane * width
    case .plain:
      precondition(shape.spatial.isEmpty)
      width = 16
      blockStride = 16
    }
    blocks = (shape.channels + width - 1) / width
    samplesPerView = shape.samples / views
    samplesPerTile = max(1, min(samplesPerView, 128 / shape.plane))
    tilesPerView = (samplesPerView + samplesPerTile - 1) / samplesPerTile
  }

  /// Channels as the per-channel arrays store them: whole blocks.
  package var paddedChannels: Int { blocks * width }
  /// Elements of one channel in one view of this shard.
  package var elementsPerView: Int { samplesPerView * shape.plane }
  var count: Int { views * tilesPerView * blocks }
  /// Doubles of scratch that the summing kernels need.
  package var partialCount: Int { count * 2 * width }

  /// One tile: where it starts and how it continues.
  struct Tile {
    let view: Int
    let block: Int
    let offset: Int
    let samples: Int
    /// Valid channels of the block in memory; below `width` only in the last block of a plain tensor.
    let lanes: Int
  }

  func tile(_ index: Int) -> Tile {
    let block = index % blocks
    let part = index / blocks % tilesPerView
    let view = index / blocks / tilesPerView
    let first = part * samplesPerTile
    return Tile(
      view: view, block: block,
      offset: (view * samplesPerView + first) * shape.sampleStride + block * blockStride,
      samples: min(samplesPerTile, samplesPerView - first),
      lanes: shape.layout == .plain ? min(width, shape.channels - block * width) : width)
  }

  /// Runs `body` for all tiles on the rank's threads.
  func forEachTile(_ body: (Int, Tile) -> Void) {
    ThreadPool.forEachRange(of: count) { range in
      for index in range { body(index, tile(index)) }
    }
  }

  /// Adds the tiles' pairs of sums: `sums[(view · channels + channel) · 2 + {0, 1}]`.
  func combine(_ partials: UnsafePointer<Double>, into sums: UnsafeMutablePointer<Double>) {
    let channels = shape.channels
    for i in 0..<views * channels * 2 { sums[i] = 0 }
    for index in 0..<count {
      let tile = tile(index)
      let part = partials + index * 2 * width
      let first = tile.block * width
      let target = sums + (tile.view * channels + first) * 2
      for lane in 0..<min(width, channels - first) {
        target[2 * lane] += part[lane]
        target[2 * lane + 1] += part[width + lane]
      }
    }
  }
}
