import Tensors

/// The loss through Gram matrices: K₁ = a·aᵀ, K₂ = b·bᵀ, d = diag(C) = Σ_rows a∘b / B.
///
/// Σᵢⱼ Cᵢⱼ² = ⟨K₁, K₂⟩/B², so L = Σ(1 − d)² + λ(⟨K₁, K₂⟩/B² − Σd²);
/// ∂L/∂a = (2λ/B²)·K₂·a + b∘w, ∂L/∂b = (2λ/B²)·K₁·b + a∘w, w = (−2(1 − d) − 2λd)/B.
/// A rank computes its own rows of K₁ and K₂ against all embeddings.
final class DualLoss: LossAlgorithm {
  private let views: StandardisedViews
  private let lambd: Double
  /// b × B, this shard's rows.
  private let gramA: AlignedBuffer<Float>
  private let gramB: AlignedBuffer<Float>
  /// For each local shard: Σ_rows a∘b (D numbers), then ⟨K₁, K₂⟩ of its rows.
  private let sums: AlignedBuffer<Double>
  /// ⟨K₁, K₂⟩ of each row.
  private let rowProducts: AlignedBuffer<Double>
  private let w: AlignedBuffer<Float>

  init(_ views: StandardisedViews, lambd: Double) throws {
    (self.views, self.lambd) = (views, lambd)
    gramA = try AlignedBuffer(views.rows, views.samples, for: .loss)
    gramB = try AlignedBuffer(views.rows, views.samples, for: .loss)
    sums = try AlignedBuffer(views.localShards, views.features + 1)
    rowProducts = try AlignedBuffer(views.rows)
    w = try AlignedBuffer(views.features)
  }

  func compute(gradients: [AlignedBuffer<Float>]?) throws -> (invariance: Double, redundancy: Double) {
    let (rows, samples, features) = (views.rows, views.samples, views.features)
    let factor = Float(2 * lambd / (Double(samples) * Double(samples)))
    for shard in 0..<views.localShards {
      let (a, b) = (views.ownA(shard), views.ownB(shard))
      gram(a, views.a.pointer, into: gramA)
      gram(b, views.b.pointer, into: gramB)
      let leaf = sums.pointer + shard * (features + 1)
      ColumnSums.products(a, b, rows: rows, columns: features, into: leaf)
      leaf[features] = innerProduct()
      guard let gradient = gradients?[shard].pointer else { continue }
      MatrixProduct.multiply(
        m: rows, n: features, k: samples, alpha: factor, a: gramB.pointer, strideA: samples, b: views.a.pointer,
        strideB: features, c: gradient, strideC: features)
      MatrixProduct.multiply(
        m: rows, n: features, k: samples, alpha: factor, a: gramA.pointer, strideA: samples, b: views.b.pointer,
        strideB: features, c: gradient + rows * features, strideC: features)
    }
    try views.batch.sum(sums.pointer, count: features + 1, at: "loss")
    let terms = finishTerms()
    for (shard, gradients) in (gradients ?? []).enumerated() {
      let gradient = gradients.pointer
      addScaled(views.ownB(shard), to: gradient)
      addScaled(views.ownA(shard), to: gradient + rows * features)
    }
    return terms
  }

  /// rows · allᵀ
  private func gram(
    _ rows: UnsafePointer<Float>, _ all: UnsafePointer<Float>, into result: AlignedBuffer<Float>
  ) {
    MatrixProduct.multiply(
      m: views.rows, n: views.samples, k: views.features, a: rows, strideA: views.features, b: all, transposeB: true,
      strideB: views.features, c: result.pointer, strideC: views.samples)
  }

  /// ⟨K₁, K₂⟩ over this shard's rows, each row summed on its own.
  private func innerProduct() -> Double {
    let samples = views.samples
    ThreadPool.forEachRange(of: views.rows) { range in
      for row in range {
        rowProducts.pointer[row] = ColumnSums.dot(
          gramA.pointer + row * samples, gramB.pointer + row * samples, count: samples)
      }
    }
    return rowProducts.elements.reduce(0, +)
  }

  /// The terms from the global sums, and w.
  private func finishTerms() -> (invariance: Double, redundancy: Double) {
    let n = Double(views.samples)
    var (invariance, diagonal) = (0.0, 0.0)
    for i in 0..<views.features {
      let d = sums.pointer[i] / n
      invariance += (1 - d) * (1 - d)
      diagonal += d * d
      w.pointer[i] = Float((-2 * (1 - d) - 2 * lambd * d) / n)
    }
    return (invariance, sums.pointer[views.features] / (n * n) - diagonal)
  }

  /// gradient += x ∘ w in every row.
  private func addScaled(_ x: UnsafePointer<Float>, to gradient: UnsafeMutablePointer<Float>) {
    let (features, w) = (views.features, w.pointer)
    ThreadPool.forEachRange(of: views.rows) { range in
      for row in range {
        let (x, gradient) = (x + row * features, gradient + row * features)
        for i in 0..<features { gradient[i] += x[i] * w[i] }
      }
    }
  }
}
