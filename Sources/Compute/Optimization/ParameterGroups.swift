import Tensors

/// The parameters of a layout in two groups, as PyTorch's optimizers take them: weights, and biases and norms.
///
/// A weight is what the layout lets decay: a parameter of more than one dimension.
package struct ParameterGroups: Sendable {
  /// What differs between the groups.
  struct Rule: Sendable {
    /// λ
    let weightDecay: Double
    /// What the learning rate of the step is multiplied by.
    let rateFactor: Double

    /// η and λ for every lane.
    func vectors(learningRate: Double) -> (rate: Vector, decay: Vector) {
      (Vector(repeating: Float(learningRate * rateFactor)), Vector(repeating: Float(weightDecay)))
    }
  }

  package let layout: ParameterLayout
  private let weights: Rule
  private let biases: Rule
  private let runs: [(range: Range<Int>, rule: Rule)]

  /// - Parameter excludeBiasAndNorm: false: weight decay also for biases and norms.
  /// - Parameter biasRateFactor: the learning rate of biases and norms over that of weights.
  /// - Throws: `Failure(.usage)` for a negative decay or factor.
  package init(
    _ layout: ParameterLayout, weightDecay: Double = 0, excludeBiasAndNorm: Bool = true, biasRateFactor: Double = 1
  ) throws {
    try require(weightDecay >= 0 && weightDecay.isFinite, "the weight decay", expected: "0 or more", found: weightDecay)
    try require(
      biasRateFactor >= 0 && biasRateFactor.isFinite, "the rate of biases over that of weights",
      expected: "0 or more", found: biasRateFactor)
    let weights = Rule(weightDecay: weightDecay, rateFactor: 1)
    let biases = Rule(weightDecay: excludeBiasAndNorm ? 0 : weightDecay, rateFactor: biasRateFactor)
    self.layout = layout
    self.weights = weights
    self.biases = biases
    runs = layout.runs.map { ($0.range, $0.decays ? weights : biases) }
  }

  func rule(of entry: ParameterLayout.Entry) -> Rule { entry.decays ? weights : biases }

  /// Calls `body(vectors, rule)` with the arena's vectors of 16 floats, in pieces and in parallel on the rank's
  /// threads: one pass over the arena.
  ///
  /// Entries start at multiples of 16 and the total is one, so no piece has a tail. A piece may end anywhere: `body`
  /// must treat every element by itself, and then the pieces leave no trace in the result.
  @inline(__always)
  func forEachPiece(_ body: (_ vectors: Range<Int>, _ rule: Rule) -> Void) {
    Elementwise.forEachPiece(of: layout.total) { start, count in
      for run in runs {
        let first = max(start, run.range.lowerBound)
        let end = min(start + count, run.range.upperBound)
        if first < end { body(first / Vector.width..<end / Vector.width, run.rule) }
      }
    }
  }
}
