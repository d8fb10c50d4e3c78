import Layers
import Tensors

/// The Barlow Twins loss over the all-gathered embeddings of the whole batch, and its exact gradient for the local
/// rows.
///
/// With a, b the standardised embeddings of the two views (B × D), C = aᵀb/B:
/// L = Σᵢ (1 − Cᵢᵢ)² + λ Σᵢ Σⱼ≠ᵢ Cᵢⱼ² (Zbontar et al. 2021, eq. 1; nidl's `BarlowTwinsLoss`).
public final class BarlowTwinsLoss {
  /// How loss and gradient are computed; both are exact.
  public enum Form: String, Sendable, CaseIterable {
    /// Through C (D × D): 6·B·D² flops.
    case primal
    /// Through the Gram matrices a·aᵀ and b·bᵀ (B × B), never forming C: 8·B²·D flops.
    case dual

    /// The cheaper one, by flops.
    public static func cheaper(batch: Int, features: Int) -> Form {
      4 * Double(batch) < 3 * Double(features) ? .dual : .primal
    }
  }

  public let form: Form
  public let lambd: Double
  public let embeddings: Activation
  private let standardisation: Standardisation
  private let views: StandardisedViews
  private let algorithm: any LossAlgorithm

  /// - Parameter embeddings: z, rows × D for each local shard, view 1's rows first.
  /// - Parameter form: nil for the cheaper one.
  /// - Throws: a usage failure where the matrices have no memory.
  public init(embeddings: Activation, batch: any GlobalBatch, lambd: Double, form: Form? = nil) throws {
    let (rows, features) = (embeddings.shape.samples / 2, embeddings.shape.channels)
    (self.embeddings, self.lambd) = (embeddings, lambd)
    self.form = form ?? .cheaper(batch: rows * batch.shards, features: features)
    standardisation = try Standardisation(embeddings, batch)
    views = try StandardisedViews(batch: batch, rows: rows, features: features)
    switch self.form {
    case .primal: algorithm = try PrimalLoss(views, lambd: lambd)
    case .dual: algorithm = try DualLoss(views, lambd: lambd)
    }
  }

  /// Floating-point operations of loss and gradient over all ranks; `Int.max` where an Int does not hold them.
  public var flops: Int {
    let (batch, features) = (views.samples, views.features)
    let factors = form == .primal ? [6, batch, features, features] : [8, batch, batch, features]
    return factors.reduce(1, saturatingProduct)
  }

  /// Computes the loss, and ∂L/∂z of the local rows into the embeddings' gradients. A collective.
  public func forwardBackward() throws -> LossValue {
    let value = try compute(gradients: embeddings.gradients)
    try standardisation.backward()
    return value
  }

  /// The value of `forwardBackward`, to the bit, without a gradient. A collective.
  public func forward() throws -> LossValue { try compute(gradients: nil) }

  private func compute(gradients: [AlignedBuffer<Float>]?) throws -> LossValue {
    try standardisation.forward { views.ownShard($0) }
    try views.gather()
    let terms = try algorithm.compute(gradients: gradients)
    return LossValue(
      invariance: terms.invariance, redundancy: terms.redundancy, lambd: lambd,
      deadFeatures: standardisation.deadFeatures)
  }
}

/// The loss's terms, and ∂L/∂a, ∂L/∂b for the local rows.
protocol LossAlgorithm {
  /// - Parameter gradients: for each local shard 2·b × D: ∂L/∂a of its rows, then ∂L/∂b. nil: the terms alone, with
  ///   the same bits.
  func compute(gradients: [AlignedBuffer<Float>]?) throws -> (invariance: Double, redundancy: Double)
}
