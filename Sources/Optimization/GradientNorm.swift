import Tensors

/// ‖g‖₂ over all gradients of an arena, and clipping by it.
///
/// Squares are summed in double: in blocks of 16384 floats, each in a fixed order, then along `ReductionTree`. So the
/// bits depend on the layout alone, not on the threads, and no square of a Float can overflow. The padding adds zeros.
/// Made once for a layout; measuring allocates nothing. Not for several threads at once.
public final class GradientNorm {
  /// Floats that one task sums.
  private static let block = 1 << 14
  private let total: Int
  private let partials: AlignedBuffer<Double>

  public init(_ layout: ParameterLayout) {
    total = layout.total
    partials = AlignedBuffer((layout.total + Self.block - 1) / Self.block)
  }

  /// The norm of `arena.gradients`; NaN or infinite when a gradient is.
  public func measure(_ arena: ParameterArena) -> Double {
    guard total > 0 else { return 0 }
    let (g, sums, total) = (arena.gradients.vectors, partials.pointer, total)
    ThreadPool.forEachRange(of: partials.count) { blocks in
      for block in blocks {
        let start = block * Self.block / Vector.width
        let end = min((block + 1) * Self.block, total) / Vector.width
        var (low, high) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
        for i in start..<end {
          let (a, b) = (SIMD8<Double>(g[i].lowHalf), SIMD8<Double>(g[i].highHalf))
          low.addProduct(a, a)
          high.addProduct(b, b)
        }
        sums[block] = (low + high).sum()
      }
    }
    ReductionTree.reduce(sums, leaves: partials.count, count: 1)
    return sums[0].squareRoot()
  }

  /// Scales the gradients so that their norm is at most `maximum`, and returns the norm before that.
  public func clip(_ arena: ParameterArena, to maximum: Double) -> Double {
    let norm = measure(arena)
    Self.scale(arena, norm: norm, to: maximum)
    return norm
  }

  /// Multiplies the gradients by `min(1, maximum / (norm + 1e-6))`, as `torch.nn.utils.clip_grad_norm_`.
  ///
  /// `norm` is what `measure` returned. When it is not finite the gradients are left as they are (PyTorch would spread
  /// NaN over all of them): the caller sees it in the norm.
  public static func scale(_ arena: ParameterArena, norm: Double, to maximum: Double) {
    let coefficient = maximum / (norm + 1e-6)
    guard norm.isFinite, coefficient < 1 else { return }
    let (g, factor) = (arena.gradients.vectors, Vector(repeating: Float(coefficient)))
    Elementwise.forEachPiece(of: arena.layout.total) { start, count in
      for i in start / Vector.width..<(start + count) / Vector.width { g[i] *= factor }
    }
  }
}
