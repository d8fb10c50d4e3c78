import BarlowTwinsDistributed

/// y = a·x with one trained factor a for each feature, from 1 on.
final class Scale: Layer {
  let parameters: [ParameterSpec]
  private var input: Activation!
  private var output: Activation!
  private var factors: UnsafeMutablePointer<Float>!
  private var gradientSum: GradientSum!
  private weak var workspace: Workspace!

  init(_ name: String, features: Int) {
    parameters = [ParameterSpec(name: name + ".weight", shape: [features], initialization: .constant(1))]
  }

  func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    self.workspace = workspace
    output = try workspace.activation(input.shape)
    factors = try workspace.parameters.pointer(of: parameters[0].name)
    return output
  }

  func planBackward(_ workspace: Workspace) throws {
    input.gradients = try workspace.gradientBuffers(input.shape)
    gradientSum = try workspace.gradientSum(of: parameters)
  }

  func forward() {
    let features = input.shape.channels
    for (x, y) in zip(input.values, output.values) {
      for i in 0..<input.shape.samples * features { y.pointer[i] = factors[i % features] * x.pointer[i] }
    }
  }

  func backward() throws {
    let features = input.shape.channels
    let offset = factors - workspace.parameters.values.pointer
    for shard in input.values.indices {
      let (x, dx, dy) = (input.values[shard].pointer, input.gradients[shard].pointer, output.gradients[shard].pointer)
      let sums = gradientSum.address(leaf: shard, offset: offset)
      sums.update(repeating: 0, count: features)
      for i in 0..<input.shape.samples * features {
        sums[i % features] += dy[i] * x[i]
        dx[i] = dy[i] * factors[i % features]
      }
      gradientSum.merge(afterLeaf: shard)
    }
    try workspace.completed(gradientSum)
  }
}
