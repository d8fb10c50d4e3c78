import Tensors

/// Dropout with PyTorch's formula, and the elements of the definition: Philox's words by place.
final class DropoutOracle: LayerOracle {
  let probability: Double
  private let (name, seed, step): (String, UInt64, Int)
  private(set) var factors: [Double] = []

  init(_ name: String, _ probability: Double, seed: UInt64, step: Int) {
    (self.name, self.probability, self.seed, self.step) = (name, probability, seed, step)
  }

  private func keeps(_ sample: Int, _ channel: Int, _ position: Int, of x: Samples) -> Bool {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let layer = Philox.block(
      counter: SIMD4(UInt32(hash & 0xFFFF_FFFF), UInt32(hash >> 32), 0, 7 << 24),
      key: SIMD2(UInt32(seed & 0xFFFF_FFFF), UInt32(seed >> 32)))
    let (view, row) = (sample / (x.samples / 2), sample % (x.samples / 2))
    let words = Philox.block(
      counter: SIMD4(
        UInt32(position * ((x.channels + 3) / 4) + channel / 4), UInt32(row), UInt32(step),
        7 << 24 | UInt32(view + 1) << 16),
      key: SIMD2(layer[0], layer[1]))
    return Double(words[channel % 4]) >= probability * 0x1p32
  }

  func forward(_ x: Samples) -> Samples {
    var y = x
    factors = x.values
    for sample in 0..<x.samples {
      for channel in 0..<x.channels {
        for position in 0..<x.plane {
          let place = x.place(sample, channel, position)
          factors[place] = keeps(sample, channel, position, of: x) ? 1 / (1 - probability) : 0
          y.values[place] *= factors[place]
        }
      }
    }
    return y
  }

  func backward(_ dy: Samples) -> Samples {
    var dx = dy
    for i in dx.values.indices { dx.values[i] *= factors[i] }
    return dx
  }
}
