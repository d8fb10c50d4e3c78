import Tensors

/// How gradients are bounded before the optimizer sees them; Lightning's `gradient_clip_algorithm`.
public enum GradientClipping: Sendable, Equatable {
  /// The norm of all gradients together is at most this: `torch.nn.utils.clip_grad_norm_`.
  case norm(Double)
  /// Every element is at most this in size: `torch.nn.utils.clip_grad_value_`.
  case value(Double)

  /// What is bounded, by name.
  public enum Algorithm: String, Sendable, CaseIterable { case norm, value }

  /// nil for no bound, or one of 0: gradients are left alone.
  package init?(_ algorithm: Algorithm, bound: Double?) {
    guard let bound, bound > 0 else { return nil }
    self = algorithm == .norm ? .norm(bound) : .value(bound)
  }

  /// Clips `arena.gradients`; `norm` is what `GradientNorm.measure` has returned for them.
  ///
  /// By norm the gradients are multiplied by `min(1, maximum / (norm + 1e-6))`. When the norm is not finite they stay as
  /// they are (PyTorch would spread NaN over all of them): the caller sees it in the norm. By value NaN stays NaN.
  public func apply(to arena: ParameterArena, norm: Double) {
    let (g, total) = (arena.gradients.pointer, arena.layout.total)
    switch self {
    case .norm(let maximum):
      let coefficient = maximum / (norm + 1e-6)
      guard norm.isFinite, coefficient < 1 else { return }
      let factor = Float(coefficient)
      Elementwise.forEachPiece(of: total) { start, count in
        for i in start..<start + count { g[i] *= factor }
      }
    case .value(let maximum):
      let bound = Float(maximum)
      Elementwise.forEachPiece(of: total) { start, count in
        for i in start..<start + count { g[i] = g[i] > bound ? bound : g[i] < -bound ? -bound : g[i] }
      }
    }
  }
}
