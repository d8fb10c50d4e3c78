import Tensors

/// The loss through the cross-correlation matrix C = aᵀb/B (D × D).
///
/// G = ∂L/∂C: Gᵢᵢ = −2(1 − Cᵢᵢ), Gᵢⱼ = 2λCᵢⱼ; ∂L/∂a = b·Gᵀ/B, ∂L/∂b = a·G/B.
/// The rows of C are shared out among the shards and gathered; each rank then needs only its own samples' rows.
final class PrimalLoss: LossAlgorithm {
  private let views: StandardisedViews
  private let lambd: Double
  /// Rows of C that one shard computes; the last shards may have fewer.
  private let rowsPerShard: Int
  /// C and then G, with room for whole shards of rows.
  private let correlation: AlignedBuffer<Float>
  private let rowTerms: AlignedBuffer<Double>

  init(_ views: StandardisedViews, lambd: Double) throws {
    (self.views, self.lambd) = (views, lambd)
    rowsPerShard = (views.features + views.batch.shards - 1) / views.batch.shards
    correlation = try AlignedBuffer(rowsPerShard, views.batch.shards, views.features, for: .loss)
    rowTerms = try AlignedBuffer(2, views.features)
  }

  func compute(gradients: [AlignedBuffer<Float>]?) throws -> (invariance: Double, redundancy: Double) {
    let (rows, features) = (views.rows, views.features)
    for shard in views.batch.localShards { correlate(shard) }
    try views.batch.gather(correlation.pointer, countPerShard: rowsPerShard * features, at: "gather of C")
    let terms = turnIntoGradient()
    for (shard, gradients) in (gradients ?? []).enumerated() {
      let gradient = gradients.pointer
      MatrixProduct.multiply(
        m: rows, n: features, k: features, a: views.ownB(shard), strideA: features, b: correlation.pointer,
        transposeB: true, strideB: features, c: gradient, strideC: features)
      MatrixProduct.multiply(
        m: rows, n: features, k: features, a: views.ownA(shard), strideA: features, b: correlation.pointer,
        strideB: features, c: gradient + rows * features, strideC: features)
    }
    return terms
  }

  /// Computes the rows of C that belong to one shard.
  private func correlate(_ shard: Int) {
    let features = views.features
    let first = min(features, shard * rowsPerShard)
    let last = min(features, first + rowsPerShard)
    MatrixProduct.multiply(
      m: last - first, n: features, k: views.samples, alpha: 1 / Float(views.samples), a: views.a.pointer + first,
      transposeA: true, strideA: features, b: views.b.pointer, strideB: features,
      c: correlation.pointer + first * features, strideC: features)
  }

  /// Sums the terms row by row and replaces C by G/B.
  private func turnIntoGradient() -> (invariance: Double, redundancy: Double) {
    let (features, n) = (views.features, Double(views.samples))
    ThreadPool.forEachRange(of: features) { range in
      let factor = Float(2 * lambd / n)
      for i in range {
        let row = correlation.pointer + i * features
        let diagonal = Double(row[i])
        rowTerms.pointer[2 * i] = (1 - diagonal) * (1 - diagonal)
        row[i] = 0
        rowTerms.pointer[2 * i + 1] = ColumnSums.dot(row, row, count: features)
        for j in 0..<features { row[j] *= factor }
        row[i] = Float(-2 * (1 - diagonal) / n)
      }
    }
    var (invariance, redundancy) = (0.0, 0.0)
    for i in 0..<features {
      invariance += rowTerms.pointer[2 * i]
      redundancy += rowTerms.pointer[2 * i + 1]
    }
    return (invariance, redundancy)
  }
}
