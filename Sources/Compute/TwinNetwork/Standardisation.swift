import Layers
import Tensors

/// Standardises embeddings over the whole batch: each column of each view gets mean 0 and biased variance 1.
///
/// A column whose deviation is below 10⁻⁶ of its mean is constant as far as float32 tells: it becomes 0, gets no
/// gradient and is counted.
final class Standardisation {
  private let embeddings: Activation
  let tiles: ChannelTiles
  private let statistics: ChannelStatistics
  private let mean: AlignedBuffer<Float>
  private let scale: AlignedBuffer<Float>
  private let b: AlignedBuffer<Float>
  private let c: AlignedBuffer<Float>
  private(set) var deadFeatures = 0

  init(_ embeddings: Activation, _ batch: any GlobalBatch) throws {
    self.embeddings = embeddings
    tiles = ChannelTiles(embeddings.shape, views: 2)
    statistics = try ChannelStatistics("standardisation", tiles, batch)
    let count = 2 * tiles.paddedChannels
    mean = try AlignedBuffer(count)
    scale = try AlignedBuffer(count)
    b = try AlignedBuffer(count)
    c = try AlignedBuffer(count)
  }

  /// Writes (z − μ)/σ of local shard i to `target(i)`, 2·b × D as the embeddings are.
  func forward(_ target: (_ shard: Int) -> UnsafeMutablePointer<Float>) throws {
    try statistics.sum(.forward) { shard, partials, sums in
      tiles.moments(embeddings.values[shard].pointer, partials: partials, sums: sums)
    }
    let n = statistics.elementsPerView
    deadFeatures = 0
    for channel in 0..<embeddings.shape.channels {
      var isDead = false
      for view in 0..<2 {
        let sums = statistics.total(view: view, channel: channel)
        let mu = sums.0 / n
        let variance = sums.1 / n - mu * mu
        let isConstant = !(variance.isNaN || variance > max(1e-12 * mu * mu, 1e-36))
        let i = view * tiles.paddedChannels + channel
        mean.pointer[i] = Float(mu)
        scale.pointer[i] = isConstant ? 0 : Float(1 / variance.squareRoot())
        isDead = isDead || isConstant
      }
      if isDead { deadFeatures += 1 }
    }
    for shard in embeddings.values.indices {
      tiles.normalise(
        embeddings.values[shard].pointer, into: target(shard), mean: ChannelValues(mean, tiles),
        scale: ChannelValues(scale, tiles), shift: nil)
    }
  }

  /// Turns ∂L/∂a, in the embeddings' gradient buffers, into ∂L/∂z = (g − mean(g) − a · mean(g∘a)) / σ, in place.
  func backward() throws {
    let mean = ChannelValues(mean, tiles)
    try statistics.sum(.backward) { shard, partials, sums in
      tiles.gradientSums(
        embeddings.gradients[shard].pointer, embeddings.values[shard].pointer, mean: mean, mask: .none,
        partials: partials, sums: sums)
    }
    let n = statistics.elementsPerView
    for view in 0..<2 {
      for channel in 0..<embeddings.shape.channels {
        let i = view * tiles.paddedChannels + channel
        let (sums, scale) = (statistics.total(view: view, channel: channel), Double(scale.pointer[i]))
        b.pointer[i] = Float(scale * sums.0 / n)
        c.pointer[i] = Float(scale * scale * scale * sums.1 / n)
      }
    }
    for shard in embeddings.values.indices {
      let gradient = embeddings.gradients[shard].pointer
      tiles.inputGradient(
        gradient, embeddings.values[shard].pointer, into: gradient, mean: mean, a: ChannelValues(scale, tiles),
        b: ChannelValues(b, tiles), c: ChannelValues(c, tiles), mask: .none)
    }
  }
}
