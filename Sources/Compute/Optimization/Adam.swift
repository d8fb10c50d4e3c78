import CommandLine
import Tensors

/// Adam, with weight decay as in `torch.optim.Adam` or decoupled as in `torch.optim.AdamW` (Kingma and Ba, "Adam";
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", algorithm 2).
///
/// With gradient g, rate η and step t = 1, 2, …, and `g ← g + λp` where the decay is L2:
/// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `p ← p − η/(1−β₁ᵗ) · m / (√v / √(1−β₂ᵗ) + ε)`, and where it is decoupled
/// also `p ← p − ηλp`, with the old p. With AMSGrad (Reddi, Kale and Kumar, "On the Convergence of Adam and Beyond")
/// the largest v so far takes the place of v there. The moments start at zero. Scalars of a step are computed in
/// double, elements in single precision; p is rounded once for both subtractions, so that a decay ηλ near Float's
/// resolution of 1 (5e-4 · 3e-4) keeps about its size on average, which a rounded factor `1 − ηλ` does not. Reads 16
/// and writes 12 bytes a parameter, with AMSGrad 20 and 16. A gradient that is not finite spoils its own parameter
/// only.
package final class Adam: Optimizer {
  package enum Decay: Sendable {
    /// λp is added to the gradient: Adam.
    case l2
    /// ηλp is taken from the parameter: AdamW.
    case decoupled
  }

  package var stepCount = 0
  package let decay: Decay
  package let beta1: Double
  package let beta2: Double
  package let epsilon: Double
  private let groups: ParameterGroups
  private let firstMoment: AlignedBuffer<Float>
  private let secondMoment: AlignedBuffer<Float>
  /// With AMSGrad.
  private let largestSecondMoment: AlignedBuffer<Float>?

  /// Betas outside 0..<1 and an ε that is not a positive Float are a `Failure(.usage)`.
  package init(
    _ groups: ParameterGroups, decay: Decay, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8,
    amsgrad: Bool = false
  ) throws {
    try require(betas.0 >= 0 && betas.0 < 1, "the first of betas", expected: "0 ≤ beta < 1", found: betas.0)
    try require(betas.1 >= 0 && betas.1 < 1, "the second of betas", expected: "0 ≤ beta < 1", found: betas.1)
    // An ε of zero would make 0/0 of every parameter without a gradient, and of the padding.
    let usable = epsilon.isFinite && Float(epsilon).isFinite && Float(epsilon) >= .leastNormalMagnitude
    try require(usable, "eps", expected: "a positive number, at least 1.2e-38", found: epsilon)
    (self.groups, self.decay) = (groups, decay)
    beta1 = betas.0
    beta2 = betas.1
    self.epsilon = epsilon
    firstMoment = try AlignedBuffer(groups.layout.total, for: .optimizer)
    secondMoment = try AlignedBuffer(groups.layout.total, for: .optimizer)
    largestSecondMoment = amsgrad ? try AlignedBuffer(groups.layout.total, for: .optimizer) : nil
  }

  package var state: [(name: String, buffer: AlignedBuffer<Float>)] {
    [("exp_avg", firstMoment), ("exp_avg_sq", secondMoment)]
      + (largestSecondMoment.map { [("max_exp_avg_sq", $0)] } ?? [])
  }

  package func step(_ arena: ParameterArena, learningRate: Double) {
    stepCount += 1
    let (p, g) = (arena.values.vectors, arena.gradients.vectors)
    let (m, v, largest) = (firstMoment.vectors, secondMoment.vectors, largestSecondMoment?.vectors)
    groups.forEachPiece { vectors, rule in
      let kernel = AdamKernel(self, rule, learningRate: learningRate)
      if let largest {
        for i in vectors {
          kernel.update(&p[i], g[i], &m[i], &v[i]) { square in
            largest[i] = largest[i].maximum(square)
            return largest[i]
          }
        }
      } else {
        for i in vectors { kernel.update(&p[i], g[i], &m[i], &v[i]) { $0 } }
      }
    }
  }
}

extension OptimizerKind {
  public static let adamW = adam("adamW", .decoupled)
  public static let adam = adam("adam", .l2)

  private static func adam(_ name: String, _ decay: Adam.Decay) -> OptimizerKind {
    OptimizerKind(
      name,
      keywords: [
        KeywordArgument(name: "betas", expected: "a list of two numbers from 0 to below 1, such as [0.9, 0.999]") {
          if case .list(let betas) = $0 { betas.count == 2 && betas.allSatisfy { 0 <= $0 && $0 < 1 } } else { false }
        },
        .number("eps"),
        .flag("amsgrad"),
      ],
      make: { groups, keywords in
        var betas = (0.9, 0.999)
        if case .list(let given)? = keywords.values["betas"], given.count == 2 { betas = (given[0], given[1]) }
        return try Adam(
          groups, decay: decay, betas: betas, epsilon: keywords.number("eps") ?? 1e-8,
          amsgrad: keywords.flag("amsgrad") == true)
      })
  }
}
