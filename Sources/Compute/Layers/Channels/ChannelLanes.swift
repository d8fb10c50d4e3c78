import Tensors

/// Cuts one shard's tensor into blocks of channels that lie side by side, for kernels that go position by position.
///
/// In rows of features and at a single position all channels are a block; in plain images each channel is one.
struct ChannelLanes {
  let shape: TensorShape
  /// Elements from a position to the next one.
  let width: Int
  /// In each sample.
  let blocks: Int

  /// - Parameter joinsBlocks: false for blocks of the layout's width even at a single position.
  init(_ shape: TensorShape, joinsBlocks: Bool = true) {
    self.shape = shape
    switch shape.layout {
    case _ where shape.plane == 1 && joinsBlocks: width = shape.storedChannels
    case .blocked(let width): self.width = width
    case .plain: width = 1
    }
    blocks = (shape.storedChannels + width - 1) / width
  }

  /// One block in one sample.
  struct Block {
    let sample: Int
    /// The first of its channels.
    let channel: Int
    /// Its channels; the other elements up to `width` are padding.
    let lanes: Int
    /// Where its first position lies.
    let offset: Int
  }

  func block(_ index: Int) -> Block {
    let (sample, channel) = (index / blocks, index % blocks * width)
    return Block(
      sample: sample, channel: channel, lanes: max(0, min(width, shape.channels - channel)),
      offset: index * shape.plane * width)
  }

  /// Where the block with the same sample and channels as a block of another tensor lies.
  func offset(of other: Block) -> Int { (other.sample * blocks + other.channel / width) * shape.plane * width }

  /// Calls `body` for all blocks on the rank's threads.
  @inline(__always)
  func forEachBlock(_ body: (Block) -> Void) {
    ThreadPool.forEachRange(of: shape.samples * blocks) { range in
      for index in range { body(block(index)) }
    }
  }
}
