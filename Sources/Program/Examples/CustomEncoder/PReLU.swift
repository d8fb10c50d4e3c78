import BarlowTwinsDistributed

/// y = max(0, x) + a·min(0, x) with one trained slope a for each feature (He et al. 2015, PyTorch's `PReLU`): a layer
/// that bt-dist does not have.
///
/// Input and output: rows of features. `a` starts at 0.25.
final class PReLU: Layer {
  let parameters: [ParameterSpec]
  private var input: Activation!
  private var output: Activation!
  private var slopes: UnsafeMutablePointer<Float>!
  private var gradientSum: GradientSum!
  private weak var workspace: Workspace!

  init(_ name: String, features: Int) {
    parameters = [ParameterSpec(name: name + ".weight", shape: [features], initialization: .constant(0.25))]
  }

  func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, self.workspace) = (input, workspace)
    output = try workspace.activation(input.shape)
    slopes = try workspace.parameters.pointer(of: parameters[0].name)
    return output
  }

  func planBackward(_ workspace: Workspace) throws {
    // ∂L/∂x takes the place of ∂L/∂y, element by element.
    input.gradients = output.gradients
    gradientSum = try workspace.gradientSum(of: parameters)
  }

  func forward() {
    for (x, y) in zip(input.values, output.values) {
      forEach { i, feature in
        let value = x.pointer[i]
        y.pointer[i] = value < 0 ? slopes[feature] * value : value
      }
    }
  }

  func backward() throws {
    let offset = slopes - workspace.parameters.values.pointer
    for shard in input.values.indices {
      let (x, gradient) = (input.values[shard].pointer, input.gradients[shard].pointer)
      let slopeGradient = gradientSum.address(leaf: shard, offset: offset)
      slopeGradient.update(repeating: 0, count: input.shape.channels)
      forEach { i, feature in
        guard x[i] < 0 else { return }
        slopeGradient[feature] += gradient[i] * x[i]
        gradient[i] *= slopes[feature]
      }
      gradientSum.merge(afterLeaf: shard)
    }
    try workspace.completed(gradientSum)
  }

  /// Calls `body` with each element of a shard and its feature.
  private func forEach(_ body: (_ element: Int, _ feature: Int) -> Void) {
    let features = input.shape.channels
    for row in 0..<input.shape.samples {
      for feature in 0..<features { body(row * features + feature, feature) }
    }
  }
}
