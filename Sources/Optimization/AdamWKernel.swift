import Foundation

/// The arithmetic of one AdamW step on sixteen parameters.
struct AdamWKernel {
  /// ηλ
  let decay: Vector
  private let beta1Complement: Vector
  private let beta2: Vector
  private let beta2Complement: Vector
  private let epsilon: Vector
  /// η / (1 − β₁ᵗ)
  private let stepSize: Vector
  /// 1 / √(1 − β₂ᵗ)
  private let rootCorrection: Vector

  init(beta1: Double, beta2: Double, epsilon: Double, learningRate: Double, weightDecay: Double, step: Int) {
    decay = Vector(repeating: Float(learningRate * weightDecay))
    beta1Complement = Vector(repeating: Float(1 - beta1))
    self.beta2 = Vector(repeating: Float(beta2))
    beta2Complement = Vector(repeating: Float(1 - beta2))
    self.epsilon = Vector(repeating: Float(epsilon))
    stepSize = Vector(repeating: Float(learningRate / (1 - pow(beta1, Double(step)))))
    rootCorrection = Vector(repeating: Float(1 / (1 - pow(beta2, Double(step))).squareRoot()))
  }

  /// m is updated as `m + (1−β₁)(g − m)`, PyTorch's `lerp_`.
  @inline(__always)
  func update(_ p: inout Vector, _ g: Vector, _ m: inout Vector, _ v: inout Vector, decay: Vector) {
    let mean = m.addingProduct(beta1Complement, g - m)
    let square = (beta2 * v).addingProduct(beta2Complement * g, g)
    let denominator = epsilon.addingProduct(square.squareRoots, rootCorrection)
    p -= (stepSize * (mean / denominator)).addingProduct(decay, p)
    m = mean
    v = square
  }
}
