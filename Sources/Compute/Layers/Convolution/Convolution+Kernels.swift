internal import COneDNN

/// y = w ∗ x + b for each local shard.
final class ConvolutionForward: ConvolutionPass {
  let kernel: ConvolutionKernel
  let weight: PackedWeight
  private let calls: [PreparedCall]

  /// - Parameter parameters: the weight and, where there is one, the bias.
  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, parameters: [ParameterSpec],
    _ workspace: Workspace
  ) throws {
    let kernel = try ConvolutionKernel(
      .forward, geometry, input: input.shape, output: output.shape, name: parameters[0].name, workspace)
    // Winograd's data gradient takes the same layout.
    let weight = try PackedWeight(
      parameters[0], shape: geometry.weightShape, layout: kernel.primitive.layout(dnnl_query_weights_md),
      isKept: !workspace.isTraining || kernel.primitive.isWinograd, workspace)
    (self.kernel, self.weight) = (kernel, weight)
    let (source, result) = (
      try KernelTensor(input.shape, as: kernel.input, workspace),
      try KernelTensor(output.shape, as: kernel.output, workspace)
    )
    let bias = try parameters.dropFirst().map { spec in
      (
        argument: DNNL_ARG_BIAS, layout: try MemoryDescriptor.plain(spec.shape),
        address: UnsafeMutableRawPointer(try workspace.parameters.pointer(of: spec.name))
      )
    }
    calls = try zip(input.values, output.values).flatMap { x, y in
      let run = try PreparedCall(
        kernel.primitive, scratchpad: workspace.scratchpad,
        [
          source.argument(DNNL_ARG_SRC, x), (DNNL_ARG_WEIGHTS, weight.layout, weight.address),
          result.argument(DNNL_ARG_DST, y),
        ] + bias)
      return [try source.load(x), run, try result.store(y)].compactMap { $0 }
    }
    for tensor in [source, result] { tensor.release() }
    weight.release(workspace)
  }

  func run() throws {
    try weight.refresh()
    for call in calls { try call.run() }
  }
}

/// ∂L/∂x = wᵀ ∗ ∂L/∂y for each local shard.
final class ConvolutionDataGradient: ConvolutionPass {
  private let weight: PackedWeight
  private let isShared: Bool
  private let calls: [PreparedCall]

  /// - Parameter forward: the forward pass where it is oneDNN's, whose weight is shared if the layouts agree.
  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, weight spec: ParameterSpec,
    forward: ConvolutionForward?, _ workspace: Workspace
  ) throws {
    let kernel = try ConvolutionKernel(
      .dataGradient, geometry, input: input.shape, output: output.shape, name: spec.name, forward: forward?.kernel,
      workspace)
    let layout = kernel.primitive.layout(dnnl_query_weights_md)
    let shared = forward.flatMap { $0.weight.isKept && layout.isSame(as: $0.weight.layout) ? $0.weight : nil }
    let weight =
      try shared ?? PackedWeight(spec, shape: geometry.weightShape, layout: layout, isKept: false, workspace)
    (self.weight, isShared) = (weight, shared != nil)
    let (source, result) = (
      try KernelTensor(output.shape, as: kernel.output, workspace),
      try KernelTensor(input.shape, as: kernel.input, workspace)
    )
    calls = try zip(input.gradients, output.gradients).flatMap { dx, dy in
      let run = try PreparedCall(
        kernel.primitive, scratchpad: workspace.scratchpad,
        [
          result.argument(DNNL_ARG_DIFF_SRC, dx), (DNNL_ARG_WEIGHTS, layout, weight.address),
          source.argument(DNNL_ARG_DIFF_DST, dy),
        ])
      return [try source.load(dy), run, try result.store(dx)].compactMap { $0 }
    }
    for tensor in [source, result] { tensor.release() }
    if !isShared { weight.release(workspace) }
  }

  func run() throws {
    if !isShared { try weight.refresh() }
    for call in calls { try call.run() }
  }
}

/// ∂L/∂w and ∂L/∂b, summed over the local shards along the reduction tree, through oneDNN.
final class ConvolutionWeightGradient: ConvolutionWeightPass {
  let sum: GradientSum
  let input: Activation
  private let calls: [[PreparedCall]]
  let bias: BiasGradient?

  /// - Parameter parameters: the weight and, where there is one, the bias.
  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, parameters: [ParameterSpec],
    forward: ConvolutionForward?, _ workspace: Workspace
  ) throws {
    let kernel = try ConvolutionKernel(
      .weightGradient, geometry, input: input.shape, output: output.shape, name: parameters[0].name,
      forward: forward?.kernel, workspace)
    let sum = try workspace.gradientSum(of: parameters)
    let inputs = input.planRebuilding(workspace)
    (self.sum, self.input) = (sum, input)
    bias = try parameters.dropFirst().first.map { try BiasGradient($0, of: output, sum, workspace) }
    let unpacker = try Unpacker(
      geometry.weightShape, layout: kernel.primitive.layout(dnnl_query_diff_weights_md), workspace)
    let (x, dy) = (
      try KernelTensor(input.shape, as: kernel.input, workspace),
      try KernelTensor(output.shape, as: kernel.output, workspace)
    )
    calls = try input.values.indices.map { leaf in
      let target = sum.address(leaf: leaf, offset: sum.group.offset)
      let (values, gradients) = (inputs[leaf], output.gradients[leaf])
      let gradient = try PreparedCall(
        kernel.primitive, scratchpad: workspace.scratchpad,
        [
          x.argument(DNNL_ARG_SRC, values), dy.argument(DNNL_ARG_DIFF_DST, gradients),
          (DNNL_ARG_DIFF_WEIGHTS, unpacker.layout, unpacker.address(for: target)),
        ])
      return [try x.load(values), try dy.load(gradients), gradient, try unpacker.call(to: target, workspace)]
        .compactMap { $0 }
    }
    unpacker.release(workspace)
    for tensor in [x, dy] { tensor.release() }
  }

  func computeWeight(_ leaf: Int) throws {
    for call in calls[leaf] { try call.run() }
  }
}
