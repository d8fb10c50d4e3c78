import Layers
import TestSupport
import Testing

/// Central differences of a network's own forward pass, against its backward pass.
///
/// The loss is Σ wᵢyᵢ with normal w, added up in double precision. It is differenced along single elements of each
/// tensor: the input and each parameter. Two steps are tried, 1/512 and 1/4096 of the tensor's size, and the one with
/// less bend and noise counts. At 1/512 float32's noise of 6e-8 in y is about 1e-4 of a difference (after a norm, where
/// every output changes a little, 1e-3), and the third derivative's part is far below that; at 1/4096 fewer kinks lie
/// within the step.
///
/// Where a step crosses a kink of ReLU or of a maximum, the one-sided differences disagree by twice the error of the
/// central one: such elements are left out, but a quarter of a tensor's must remain.
final class FiniteDifferences {
  /// Of a difference, relative to the tensor's typical one.
  static let tolerance = 4e-3
  /// Elements of a tensor that are tried.
  private static let elements = 32

  private let test: TestNetwork
  private let weights: [Double]
  private var x: Samples

  /// - Parameter input: of the whole batch, both views' samples.
  /// - Parameter normShift: what is added to the bias of every norm, with the sign of the channel: even ones up, odd
  ///   ones down. A few deviations keep what comes out of a norm away from the kink of a ReLU.
  init(_ layers: [any Layer], input: TensorShape, shards: Int, seed: UInt64, normShift: Float = 0) throws {
    test = try TestNetwork(layers, input: input, shards: shards)
    x = Samples(input.samples, input.channels, input.spatial, seed: seed)
    let y = test.network.output.shape
    weights = normalNumbers(shards * y.samples * y.channels * y.plane, seed: seed + 1).map { Double($0) }
    let layout = test.state.parameters.layout
    for norm in layout.entries where norm.shape.count == 1 && norm.name.hasSuffix(".weight") {
      let bias = try layout.entry(norm.name.dropLast(6) + "bias")
      for c in 0..<bias.count { test.state.parameters.pointer(of: bias)[c] += c % 2 == 0 ? normShift : -normShift }
    }
  }

  /// What does not agree: a line for each tensor, with its name.
  ///
  /// - Parameter factor: what the gradients are multiplied by, to see that an error is found.
  func disagreements(factor: Double = 1) throws -> [String] {
    var y = try test.forward(x)
    y.values = weights
    let inputGradient = try test.backward(y)
    var found: [String] = []
    // All gradients first: `test` keeps only the last.
    let parameters = try test.state.parameters.layout.entries.map { ($0, try test.gradient($0.name)) }
    if let inputGradient {
      let values = x.values
      found += try disagreement("the input", values, inputGradient.values.map { $0 * factor }) { self.x.values = $0 }
    }
    for (entry, gradient) in parameters {
      let pointer = test.state.parameters.pointer(of: entry)
      let values = (0..<entry.count).map { Double(pointer[$0]) }
      found += try disagreement(entry.name, values, gradient.map { $0 * factor }) {
        for (i, value) in $0.enumerated() { pointer[i] = Float(value) }
      }
    }
    return found
  }

  private struct Difference {
    var measured, expected, kink, noise: Double
  }

  /// Differences of the loss along elements of one tensor against its gradient.
  ///
  /// - Parameter set: puts other values in the tensor's place.
  private func disagreement(
    _ name: String, _ values: [Double], _ gradient: [Double], _ set: ([Double]) -> Void
  ) throws -> [String] {
    let size = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
    // Shifted biases are large, but what they are added to is not.
    let scale = size > 0 ? min(size, 1) : 1
    let middle = try test.forward(x).values
    let count = values.count
    let elements = count <= Self.elements ? Array(0..<count) : (0..<Self.elements).map { ($0 * 7919 + 13) % count }
    let all = try elements.map { element in
      let candidates = try [512.0, 4096].map { steps in
        let ends = [scale / steps, -scale / steps].map { Double(Float(values[element] + $0)) }
        let outputs = try ends.map { end in
          var moved = values
          moved[element] = end
          set(moved)
          return try test.forward(x).values
        }
        return difference(outputs, middle, ends[0] - ends[1], gradient[element])
      }
      return candidates.min { $0.kink + 8 * $0.noise < $1.kink + 8 * $1.noise }!
    }
    set(values)
    let typical = (all.reduce(0) { $0 + $1.measured * $1.measured } / Double(all.count)).squareRoot()
    // The noise of float32 in the gradient itself: some gradients are sums that cancel to zero.
    let floor = 32 * unit * weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
    func allowed(_ difference: Difference) -> Double { Self.tolerance * typical + 8 * difference.noise + floor }
    let smooth = all.filter { $0.kink / 2 <= allowed($0) }
    if smooth.count * 4 < all.count {
      let least = all.min { $0.kink < $1.kink }!
      return ["\(name): only \(smooth.count) of \(all.count) elements are smooth; the best is \(least)"]
    }
    let wrong = smooth.filter { !(abs($0.measured - $0.expected) <= allowed($0)) }
    guard let worst = wrong.max(by: { abs($0.measured - $0.expected) < abs($1.measured - $1.expected) }) else {
      return []
    }
    return [
      "\(name): \(wrong.count) of \(smooth.count) differ; \(worst.measured) measured, \(worst.expected) expected, "
        + "typical \(typical), noise \(worst.noise)"
    ]
  }

  /// - Parameter outputs: one step forward, one step back.
  /// - Parameter change: the element there less the element here, as rounded.
  private func difference(_ outputs: [[Double]], _ middle: [Double], _ change: Double, _ gradient: Double)
    -> Difference
  {
    var (first, second, squares, noise) = (0.0, 0.0, 0.0, 0.0)
    for (i, w) in weights.enumerated() where outputs[0][i] != outputs[1][i] || outputs[0][i] != middle[i] {
      let bend = w * (outputs[0][i] - 2 * middle[i] + outputs[1][i])
      first += w * (outputs[0][i] - outputs[1][i])
      second += bend
      squares += bend * bend
      noise += w * w * max(1, middle[i] * middle[i])
    }
    // Kinks in several outputs may cancel in the sum.
    let kink = max(abs(second), 2 * squares.squareRoot()) / change
    // A change below the last place of every output is lost altogether.
    if noise == 0 { noise = weights.reduce(0) { $0 + $1 * $1 } }
    return Difference(
      measured: first / change, expected: gradient, kink: kink, noise: noise.squareRoot() * unit / change)
  }

  /// Half a unit in the last place of 1: what rounding changes.
  private let unit = Double(Float.ulpOfOne) / 2
}

/// Expects the gradients of the input and of every parameter to agree with central differences of the forward pass, in
/// training, with both views.
///
/// - Parameter normShift: for several norms with ReLU one after another, where nearly every step crosses some kink:
///   4, say, moves the norms' outputs away from them.
/// - Parameter input: of the whole batch; by default two shards of one sample of each view.
func expectGradients(
  of layers: [any Layer], input: TensorShape, shards: Int = 2, seed: UInt64 = 1, normShift: Float = 0,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let differences = try FiniteDifferences(
    layers, input: input, shards: shards, seed: seed, normShift: normShift)
  let found = try differences.disagreements()
  #expect(found == [], sourceLocation: sourceLocation)
}
