internal import CVector
import Tensors

/// ‖g‖₂ over all gradients of an arena.
///
/// Squares are summed in double: in blocks of 16384 floats, each in a fixed order, then along `ReductionTree`. So the
/// bits depend on the layout alone, not on the threads, and no square of a Float can overflow. The padding adds zeros.
/// Made once for a layout; measuring allocates nothing. Not for several threads at once.
package final class GradientNorm {
  private let total: Int
  private let partials: AlignedBuffer<Double>

  package init(_ layout: ParameterLayout) throws {
    total = layout.total
    partials = try AlignedBuffer((layout.total + SquareSum.block - 1) / SquareSum.block)
  }

  /// The norm of `arena.gradients`; NaN or infinite when a gradient is.
  package func measure(_ arena: ParameterArena) -> Double {
    guard total > 0 else { return 0 }
    let (g, sums, total) = (arena.gradients.vectors, partials.pointer, total)
    let floats = UnsafePointer(arena.gradients.pointer)
    ThreadPool.forEachRange(of: partials.count) { blocks in
      for block in blocks {
        let start = block * SquareSum.block
        let end = min(start + SquareSum.block, total)
        sums[block] = SquareSum.of(start / Vector.width..<end / Vector.width) { i in
          bt_prefetch(floats + i * Vector.width + ReadAhead.distance)
          return g[i]
        }
      }
    }
    ReductionTree.reduce(sums, leaves: partials.count, count: 1)
    return sums[0].squareRoot()
  }
}
