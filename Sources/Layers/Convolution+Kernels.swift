import COneDNN
import Diagnostics
import Tensors

/// Sizes of a convolution in oneDNN's terms.
struct ConvolutionGeometry {
  let weightShape: [Int]
  let strides: [dnnl_dim_t]
  let paddings: [dnnl_dim_t]
  /// Spatial extents of the output.
  let output: [Int]

  /// The part of Winograd's 4×4 output tiles that lies inside the output: 1 on 28×28, 0.77 on 7×7, 0.06 on 1×1.
  private var tileUse: Double {
    output.reduce(1) { $0 * Double($1) / Double(($1 + 3) / 4 * 4) }
  }

  /// Whether Winograd's F(4×4, 3×3) applies and is known to pay: `auto` wants at least 64 channels on both sides, and
  /// most of the tiles in use, since it computes whole tiles at 1.6 to 2.5 times the direct kernels' rate.
  func allowsWinograd(_ algorithm: ConvolutionAlgorithm) -> Bool {
    guard algorithm != .direct, weightShape.count == 4, weightShape[2...] == [3, 3], strides.allSatisfy({ $0 == 1 })
    else { return false }
    let (least, use) = algorithm == .winograd ? (16, 0) : (64, 0.6)
    return tileUse >= use && weightShape[0] >= least && weightShape[1] >= least && OneDNN.shared.channelBlock == 16
  }

  /// Makes a primitive with Winograd's algorithm where that is wanted and exists for the shape, else with the direct
  /// one.
  func primitive(_ algorithm: ConvolutionAlgorithm, _ make: (dnnl_alg_kind_t) throws -> Primitive) throws -> Primitive {
    if allowsWinograd(algorithm), let primitive = try? make(dnnl_convolution_winograd) { return primitive }
    return try make(dnnl_convolution_direct)
  }

  func forward(_ source: MemoryDescriptor, _ output: MemoryDescriptor, _ algorithm: ConvolutionAlgorithm) throws
    -> Primitive
  {
    try primitive(algorithm) { kind in
      var operation = dnnl_convolution_desc_t()
      var (source, weight, output) = (source.raw, try MemoryDescriptor.any(weightShape).raw, output.raw)
      try OneDNN.check(
        "describing a convolution",
        dnnl_convolution_forward_desc_init(
          &operation, dnnl_forward_training, kind, &source, &weight, nil, &output, strides, paddings, paddings))
      return try Primitive("a convolution", operation: &operation)
    }
  }
}

/// A convolution's input in the layout that its kernels take.
///
/// Plain images (a network's input) go in as they are where oneDNN has a fast kernel for that, and are copied into
/// channel blocks otherwise.
struct ConvolutionSource {
  let layout: MemoryDescriptor
  let values: [AlignedBuffer<Float>]
  private var copies: [PreparedCall] = []

  init(_ input: Activation, for geometry: ConvolutionGeometry, output: TensorShape, _ workspace: Workspace) throws {
    let plain = try MemoryDescriptor(input.shape)
    let direct = try? geometry.forward(plain, try MemoryDescriptor(output), .direct)
    let isFast = direct.map { !$0.isReference && !$0.implementation.contains("gemm") } ?? false
    guard input.shape.layout == .plain, !isFast else {
      (layout, values) = (plain, input.values)
      return
    }
    var blocked = input.shape
    blocked.layout = .blocked(width: OneDNN.shared.channelBlock)
    layout = try MemoryDescriptor(blocked)
    values = workspace.activation(blocked).values
    let reorder = try Primitive.reorder(from: plain, to: layout)
    for (from, to) in zip(input.values, values) {
      copies.append(
        try PreparedCall(
          reorder, scratchpad: workspace.scratchpad,
          [(DNNL_ARG_FROM, plain, .init(from.pointer)), (DNNL_ARG_TO, layout, .init(to.pointer))]))
    }
  }

  func prepare() throws {
    for copy in copies { try copy.run() }
  }
}

/// y = w ∗ x for each local shard.
final class ConvolutionForward {
  let primitive: Primitive
  let weight: PackedWeight
  private let calls: [PreparedCall]

  init(
    _ geometry: ConvolutionGeometry, source: ConvolutionSource, output: Activation, weight spec: ParameterSpec,
    _ workspace: Workspace
  ) throws {
    let result = try MemoryDescriptor(output.shape)
    let primitive = try geometry.forward(source.layout, result, workspace.convolution)
    let weight = try PackedWeight(spec, layout: primitive.layout(dnnl_query_weights_md), workspace)
    (self.primitive, self.weight) = (primitive, weight)
    if primitive.isReference {
      workspace.remarks.append(
        "\(spec.name): oneDNN has no fast kernel for \(output.shape) here (\(primitive.implementation))")
    }
    calls = try zip(source.values, output.values).map { x, y in
      try PreparedCall(
        primitive, scratchpad: workspace.scratchpad,
        [
          (DNNL_ARG_SRC, source.layout, .init(x.pointer)), (DNNL_ARG_WEIGHTS, weight.layout, weight.address),
          (DNNL_ARG_DST, result, .init(y.pointer)),
        ])
    }
  }

  func run() throws {
    try weight.refresh()
    for call in calls { try call.run() }
  }
}

/// ∂L/∂x = wᵀ ∗ ∂L/∂y for each local shard.
final class ConvolutionDataGradient {
  private let weight: PackedWeight
  private let isShared: Bool
  private let calls: [PreparedCall]

  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, weight spec: ParameterSpec,
    forward: ConvolutionForward, _ workspace: Workspace
  ) throws {
    let (x, y) = (try MemoryDescriptor(input.shape), try MemoryDescriptor(output.shape))
    let primitive = try geometry.primitive(workspace.convolution) { kind in
      var operation = dnnl_convolution_desc_t()
      var (source, weight, output) = (x.raw, try MemoryDescriptor.any(geometry.weightShape).raw, y.raw)
      try OneDNN.check(
        "describing a convolution's data gradient",
        dnnl_convolution_backward_data_desc_init(
          &operation, kind, &source, &weight, &output, geometry.strides, geometry.paddings, geometry.paddings))
      return try Primitive("a convolution's data gradient", operation: &operation, hint: forward.primitive)
    }
    let layout = primitive.layout(dnnl_query_weights_md)
    isShared = layout.isSame(as: forward.weight.layout)
    let weight = isShared ? forward.weight : try PackedWeight(spec, layout: layout, workspace)
    self.weight = weight
    calls = try zip(input.gradients, output.gradients).map { dx, dy in
      try PreparedCall(
        primitive, scratchpad: workspace.scratchpad,
        [
          (DNNL_ARG_DIFF_SRC, x, .init(dx.pointer)), (DNNL_ARG_WEIGHTS, layout, weight.address),
          (DNNL_ARG_DIFF_DST, y, .init(dy.pointer)),
        ])
    }
  }

  func run() throws {
    if !isShared { try weight.refresh() }
    for call in calls { try call.run() }
  }
}

/// ∂L/∂w, summed over the local shards along the reduction tree.
final class ConvolutionWeightGradient {
  let sum: GradientSum
  private let calls: [(gradient: PreparedCall, unpack: PreparedCall?)]

  init(
    _ geometry: ConvolutionGeometry, source: ConvolutionSource, output: Activation, weight spec: ParameterSpec,
    forward: ConvolutionForward, _ workspace: Workspace
  ) throws {
    let y = try MemoryDescriptor(output.shape)
    let primitive = try geometry.primitive(workspace.convolution) { kind in
      var operation = dnnl_convolution_desc_t()
      var (x, weight, y) = (source.layout.raw, try MemoryDescriptor.any(geometry.weightShape).raw, y.raw)
      try OneDNN.check(
        "describing a convolution's weight gradient",
        dnnl_convolution_backward_weights_desc_init(
          &operation, kind, &x, &weight, nil, &y, geometry.strides, geometry.paddings, geometry.paddings))
      return try Primitive("a convolution's weight gradient", operation: &operation, hint: forward.primitive)
    }
    let sum = try workspace.gradientSum(of: [spec])
    self.sum = sum
    let unpacker = try Unpacker(spec, layout: primitive.layout(dnnl_query_diff_weights_md), workspace)
    calls = try source.values.indices.map { leaf in
      let target = sum.address(leaf: leaf, offset: sum.group.offset)
      let gradient = try PreparedCall(
        primitive, scratchpad: workspace.scratchpad,
        [
          (DNNL_ARG_SRC, source.layout, .init(source.values[leaf].pointer)),
          (DNNL_ARG_DIFF_DST, y, .init(output.gradients[leaf].pointer)),
          (DNNL_ARG_DIFF_WEIGHTS, unpacker.layout, unpacker.address(for: target)),
        ])
      return (gradient, try unpacker.call(to: target, workspace))
    }
    unpacker.release(workspace)
  }

  func run() throws {
    for (leaf, call) in calls.enumerated() {
      try call.gradient.run()
      try call.unpack?.run()
      sum.merge(afterLeaf: leaf)
    }
  }
}
