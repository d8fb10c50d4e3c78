import Foundation

/// The arithmetic of one step of Adam on sixteen parameters of a group.
struct AdamKernel {
  /// λ where the decay is L2, else 0.
  private let coupledDecay: Float
  /// ηλ where the decay is decoupled, else 0.
  private let decoupledDecay: Float
  private let beta1Complement: Float
  private let beta2: Float
  private let beta2Complement: Float
  private let epsilon: Float
  /// η / (1 − β₁ᵗ)
  private let stepSize: Float
  /// 1 / √(1 − β₂ᵗ)
  private let rootCorrection: Float

  init(_ adam: Adam, _ rule: ParameterGroups.Rule, learningRate: Double) {
    let (rate, step) = (learningRate * rule.rateFactor, Double(adam.stepCount))
    coupledDecay = adam.decay == .l2 ? Float(rule.weightDecay) : 0
    decoupledDecay = adam.decay == .decoupled ? Float(rate * rule.weightDecay) : 0
    beta1Complement = Float(1 - adam.beta1)
    beta2 = Float(adam.beta2)
    beta2Complement = Float(1 - adam.beta2)
    epsilon = Float(adam.epsilon)
    stepSize = Float(rate / (1 - pow(adam.beta1, step)))
    rootCorrection = Float(1 / (1 - pow(adam.beta2, step)).squareRoot())
  }

  /// m is updated as `m + (1−β₁)(g − m)`, PyTorch's `lerp_`. The root of `bounded(v)` goes into the divisor.
  @inline(__always)
  func update(
    _ p: inout Vector, _ gradient: Vector, _ m: inout Vector, _ v: inout Vector, bounded: (Vector) -> Vector
  ) {
    let g = gradient.addingProduct(Vector(repeating: coupledDecay), p)
    let mean = m.addingProduct(Vector(repeating: beta1Complement), g - m)
    let square = (Vector(repeating: beta2) * v).addingProduct(Vector(repeating: beta2Complement) * g, g)
    let root = bounded(square).squareRoots
    let denominator = Vector(repeating: epsilon).addingProduct(root, Vector(repeating: rootCorrection))
    p -= (Vector(repeating: stepSize) * (mean / denominator)).addingProduct(Vector(repeating: decoupledDecay), p)
    m = mean
    v = square
  }
}
