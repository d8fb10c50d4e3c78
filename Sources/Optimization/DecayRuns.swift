import Tensors

/// Which parts of the arena decay, walked in one pass on the rank's threads.
struct DecayRuns: Sendable {
  private let runs: [ParameterLayout.Run]
  private let everywhere: Bool
  /// Floats of the arena.
  private let total: Int

  /// With `excludeBiasAndNorm` decay applies as the layout says; otherwise to every parameter.
  init(_ layout: ParameterLayout, excludeBiasAndNorm: Bool) {
    total = layout.total
    runs = layout.runs
    everywhere = !excludeBiasAndNorm
  }

  /// Calls `body(vectors, decays)` with the arena's vectors of 16 floats, in pieces beside each other.
  ///
  /// Entries start at multiples of 16 and the total is one, so no piece has a tail. A piece may end anywhere: `body`
  /// must treat every element by itself, and then the pieces leave no trace in the result.
  @inline(__always)
  func forEachPiece(_ body: (_ vectors: Range<Int>, _ decays: Bool) -> Void) {
    Elementwise.forEachPiece(of: total) { start, count in
      for run in runs {
        let first = max(start, run.range.lowerBound)
        let end = min(start + count, run.range.upperBound)
        if first < end { body(first / Vector.width..<end / Vector.width, run.decays || everywhere) }
      }
    }
  }
}
