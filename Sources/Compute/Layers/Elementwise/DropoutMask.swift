import Tensors

/// Draws which elements of a shard a dropout layer keeps, as a function of (seed, layer, step, view, sample's place in
/// the global batch, channel, position).
///
/// An element has the word at channel mod 4 of Philox's block g = position · ⌈channels/4⌉ + ⌊channel/4⌋, and is
/// dropped where it is below p · 2³². So the bits depend neither on ranks and shards nor on how channels lie in
/// memory.
struct DropoutMask {
  private let lanes: ChannelLanes
  private let rowsPerView: Int
  /// Words below it drop their element.
  private let threshold: UInt64
  private let layer: UInt64

  /// - Parameter shape: one shard's, with the samples of view 1 and then those of view 2.
  init(_ shape: TensorShape, layer: String, probability: Double) {
    (lanes, rowsPerView) = (ChannelLanes(shape), shape.samples / 2)
    (threshold, self.layer) = (UInt64((probability * 0x1p32).rounded()), layer.randomStream)
  }

  /// Writes 1 for each element that stays and 0 for each that is dropped; padding is left as it is.
  ///
  /// - Parameter shard: the shard's number in the global batch.
  func draw(_ mask: UnsafeMutablePointer<UInt8>, shard: Int, _ randomness: StepRandomness) {
    let groups = (lanes.shape.channels + 3) / 4
    let purpose = UInt32(RandomPurpose.dropout.rawValue) << 24
    let own = Philox.block(
      counter: SIMD4(UInt32(truncatingIfNeeded: layer), UInt32(truncatingIfNeeded: layer >> 32), 0, purpose),
      key: Philox.key(seed: randomness.seed))
    let key = SIMD2(own.x, own.y)
    lanes.forEachBlock { block in
      let (view, row) = (block.sample / rowsPerView, block.sample % rowsPerView)
      var counter = SIMD4(
        0, UInt32(truncatingIfNeeded: shard * rowsPerView + row), UInt32(truncatingIfNeeded: randomness.step),
        purpose | UInt32(truncatingIfNeeded: view + 1) << 16)
      var at = mask + block.offset
      for position in 0..<lanes.shape.plane {
        var words = SIMD4<UInt32>()
        for lane in 0..<block.lanes {
          let channel = block.channel + lane
          if lane == 0 || channel & 3 == 0 {
            counter.x = UInt32(truncatingIfNeeded: position * groups + channel / 4)
            words = Philox.block(counter: counter, key: key)
          }
          at[lane] = UInt64(words[channel & 3]) >= threshold ? 1 : 0
        }
        at += lanes.width
      }
    }
  }
}
