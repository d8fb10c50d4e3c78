import Tensors

/// A layer with weights while it is planned, as the passes of its three directions see it.
struct WeightedLayer {
  let layer: any TunableLayer
  let input: Activation
  /// The input as the layer reads it: a linear layer takes images as rows.
  let inputShape: TensorShape
  let output: Activation
  let workspace: Workspace

  /// The weight and, where there is one, the bias.
  var parameters: [ParameterSpec] { layer.parameters }

  /// Where the weight lies in the arena, in PyTorch's order.
  var weight: UnsafePointer<Float> {
    get throws { UnsafePointer(try workspace.parameters.pointer(of: parameters[0].name)) }
  }

  var bias: UnsafePointer<Float>? {
    get throws {
      try parameters.dropFirst().first.map { UnsafePointer(try workspace.parameters.pointer(of: $0.name)) }
    }
  }

  /// The method of one direction; forward first, then the gradients. See `KernelChooser`.
  func choose<Method: RawRepresentable<String>>(
    _ direction: KernelDirection, among candidates: [Method], possible: [Method]? = nil
  ) throws -> Method {
    try workspace.kernels.choose(
      direction, of: layer, among: candidates, possible: possible,
      multiplyAdds: parameters[0].shape.reduce(
        saturatingProduct(input.shape.samples, output.shape.plane), saturatingProduct), input: input.shape,
      workspace)
  }
}

/// What a weight gradient is computed from and where it goes, whatever the method.
struct WeightGradient {
  let input: Activation
  /// Where the input's values are in backward.
  let inputs: [AlignedBuffer<Float>]
  let output: Activation
  /// Of weight and bias.
  let sum: GradientSum
  /// nil without a bias, and where the method itself sums its gradient.
  let bias: BiasGradient?

  init(_ layer: WeightedLayer, sumsBias: Bool = true) throws {
    let sum = try layer.workspace.gradientSum(of: layer.parameters)
    self.sum = sum
    input = layer.input
    inputs = try layer.input.planRebuilding(layer.workspace)
    output = layer.output
    let spec = sumsBias ? layer.parameters.dropFirst().first : nil
    bias = try spec.map { try BiasGradient($0, of: layer.output, sum, layer.workspace) }
  }

  /// Where shard `leaf` writes ∂L/∂w.
  func target(_ leaf: Int) -> UnsafeMutablePointer<Float> { sum.address(leaf: leaf, offset: sum.group.offset) }
}
