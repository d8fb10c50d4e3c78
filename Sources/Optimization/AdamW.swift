import Diagnostics
import Tensors

/// Adam with decoupled weight decay, as `torch.optim.AdamW` (Loshchilov and Hutter, "Decoupled Weight Decay
/// Regularization", algorithm 2).
///
/// With gradient g, rate η and step t = 1, 2, …:
/// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`,
/// `p ← p − ηλp − η/(1−β₁ᵗ) · m / (√v / √(1−β₂ᵗ) + ε)`.
/// The moments start at zero. Scalars of a step are computed in double, elements in single precision; p is rounded once
/// for both subtractions, so that a decay ηλ near Float's resolution of 1 (5e-4 · 3e-4) keeps about its size on
/// average, which a rounded factor `1 − ηλ` does not. Reads 16 and writes 12 bytes a parameter. A gradient that is not
/// finite spoils its own parameter only.
public final class AdamW: Optimizer {
  public var stepCount = 0
  public let beta1: Double
  public let beta2: Double
  public let epsilon: Double
  public let weightDecay: Double
  private let firstMoment: AlignedBuffer<Float>
  private let secondMoment: AlignedBuffer<Float>
  private let runs: DecayRuns

  /// `excludeBiasAndNorm` false: weight decay for every parameter, whatever the layout says.
  ///
  /// Betas outside 0..<1, an ε that is not a positive Float and a negative decay are a `Failure(.usage)`.
  public init(
    _ layout: ParameterLayout, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8, weightDecay: Double = 0,
    excludeBiasAndNorm: Bool = true
  ) throws {
    try require(betas.0 >= 0 && betas.0 < 1, "the first of betas", expected: "0 ≤ beta < 1", found: betas.0)
    try require(betas.1 >= 0 && betas.1 < 1, "the second of betas", expected: "0 ≤ beta < 1", found: betas.1)
    // An ε of zero would make 0/0 of every parameter without a gradient, and of the padding.
    let usable = epsilon.isFinite && Float(epsilon).isFinite && Float(epsilon) >= .leastNormalMagnitude
    try require(usable, "eps", expected: "a positive number, at least 1.2e-38", found: epsilon)
    try require(weightDecay >= 0 && weightDecay.isFinite, "the weight decay", expected: "0 or more", found: weightDecay)
    (beta1, beta2, self.epsilon, self.weightDecay) = (betas.0, betas.1, epsilon, weightDecay)
    firstMoment = AlignedBuffer(layout.total)
    secondMoment = AlignedBuffer(layout.total)
    runs = DecayRuns(layout, excludeBiasAndNorm: excludeBiasAndNorm)
  }

  public var state: [(name: String, buffer: AlignedBuffer<Float>)] {
    [("exp_avg", firstMoment), ("exp_avg_sq", secondMoment)]
  }

  public func step(_ arena: ParameterArena, learningRate: Double) {
    stepCount += 1
    let kernel = AdamWKernel(
      beta1: beta1, beta2: beta2, epsilon: epsilon, learningRate: learningRate, weightDecay: weightDecay,
      step: stepCount)
    let (p, g) = (arena.values.vectors, arena.gradients.vectors)
    let (m, v) = (firstMoment.vectors, secondMoment.vectors)
    runs.forEachPiece { vectors, decays in
      let decay = decays ? kernel.decay : .zero
      for i in vectors { kernel.update(&p[i], g[i], &m[i], &v[i], decay: decay) }
    }
  }
}
