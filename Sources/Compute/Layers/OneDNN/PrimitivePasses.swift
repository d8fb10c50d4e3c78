internal import COneDNN

/// y from x and w, and b, through oneDNN, for each local shard.
final class PrimitiveForward: KernelPass {
  let kernel: LayerKernel
  let weight: PackedWeight
  private let calls: [PreparedCall]

  init(_ layer: WeightedLayer, _ kernel: LayerKernel) throws {
    let workspace = layer.workspace
    // Winograd's data gradient takes the same layout.
    let weight = try PackedWeight(
      layer.parameters[0], shape: kernel.weightShape, layout: kernel.primitive.layout(dnnl_query_weights_md),
      isKept: !workspace.isTraining || kernel.primitive.isWinograd, workspace)
    self.kernel = kernel
    self.weight = weight
    let source = try KernelTensor(layer.inputShape, as: kernel.input, workspace)
    let result = try KernelTensor(layer.output.shape, as: kernel.output, workspace)
    let bias = try layer.parameters.dropFirst().map { spec in
      (
        argument: DNNL_ARG_BIAS, layout: try MemoryDescriptor.plain(spec.shape),
        address: UnsafeMutableRawPointer(try workspace.parameters.pointer(of: spec.name))
      )
    }
    calls = try zip(layer.input.values, layer.output.values).flatMap { x, y in
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

/// ∂L/∂x from ∂L/∂y and w, through oneDNN, for each local shard.
final class PrimitiveDataGradient: KernelPass {
  private let weight: PackedWeight
  private let isShared: Bool
  private let calls: [PreparedCall]

  /// - Parameter forward: the forward pass where it is oneDNN's, whose weight is shared if it is kept and the layouts
  ///   agree.
  init(_ layer: WeightedLayer, _ kernel: LayerKernel, forward: PrimitiveForward?) throws {
    let workspace = layer.workspace
    let layout = kernel.primitive.layout(dnnl_query_weights_md)
    let shared = forward.flatMap { $0.weight.isKept && layout.isSame(as: $0.weight.layout) ? $0.weight : nil }
    let weight =
      try shared
      ?? PackedWeight(layer.parameters[0], shape: kernel.weightShape, layout: layout, isKept: false, workspace)
    self.weight = weight
    isShared = shared != nil
    let source = try KernelTensor(layer.output.shape, as: kernel.output, workspace)
    let result = try KernelTensor(layer.inputShape, as: kernel.input, workspace)
    calls = try zip(layer.input.gradients, layer.output.gradients).flatMap { dx, dy in
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

/// ∂L/∂w and ∂L/∂b, through oneDNN.
final class PrimitiveWeightGradient: WeightGradientPass {
  let gradient: WeightGradient
  private let calls: [[PreparedCall]]

  /// - Parameter sumsBias: whether the kernel computes ∂L/∂b too; else it is summed separately in double precision.
  init(_ layer: WeightedLayer, _ kernel: LayerKernel, sumsBias: Bool) throws {
    let workspace = layer.workspace
    let gradient = try WeightGradient(layer, sumsBias: !sumsBias)
    self.gradient = gradient
    let unpacker = try Unpacker(
      kernel.weightShape, layout: kernel.primitive.layout(dnnl_query_diff_weights_md), workspace)
    let x = try KernelTensor(layer.inputShape, as: kernel.input, workspace)
    let dy = try KernelTensor(layer.output.shape, as: kernel.output, workspace)
    let biases = sumsBias ? Array(layer.parameters.dropFirst()) : []
    calls = try gradient.inputs.indices.map { leaf in
      let target = gradient.target(leaf)
      let (values, gradients) = (gradient.inputs[leaf], layer.output.gradients[leaf])
      let bias = try biases.map { spec in
        let offset = try workspace.parameters.layout.entry(spec.name).offset
        return (
          argument: DNNL_ARG_DIFF_BIAS, layout: try MemoryDescriptor.plain(spec.shape),
          address: UnsafeMutableRawPointer(gradient.sum.address(leaf: leaf, offset: offset))
        )
      }
      let run = try PreparedCall(
        kernel.primitive, scratchpad: workspace.scratchpad,
        [
          x.argument(DNNL_ARG_SRC, values), dy.argument(DNNL_ARG_DIFF_DST, gradients),
          (DNNL_ARG_DIFF_WEIGHTS, unpacker.layout, unpacker.address(for: target)),
        ] + bias)
      return [try x.load(values), try dy.load(gradients), run, try unpacker.call(to: target, workspace)]
        .compactMap { $0 }
    }
    unpacker.release(workspace)
    for tensor in [x, dy] { tensor.release() }
  }

  func computeWeight(_ leaf: Int) throws {
    for call in calls[leaf] { try call.run() }
  }
}
