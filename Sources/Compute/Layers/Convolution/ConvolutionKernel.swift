internal import COneDNN
import Tensors

/// oneDNN's kernels for a convolution.
///
/// Activations are in channel blocks, and a network's images are plain. Where oneDNN has only its reference loops for
/// that, some 100 times slower, the kernel works on copies in another layout: groups of channels that fill no block,
/// for example, are channels last. Where oneDNN has no such kernel for bf16, copies are in float32.
extension LayerKernel {
  /// Whether oneDNN has a kernel for these shapes that is made for one of the layouts it is offered: neither its
  /// reference loops nor a matrix product.
  static func isFast(
    _ direction: KernelDirection, _ geometry: ConvolutionGeometry, of layer: WeightedLayer
  ) throws -> Bool {
    try fast(
      direction, geometry, input: layer.input.shape, output: layer.output.shape, forward: nil, layer.workspace) != nil
  }

  /// Chooses the first of: the activations' own layouts, both in channel blocks, both channels last, each if oneDNN has
  /// a kernel made for it, in the output's element type and then in float32; both plain, by matrix products; the
  /// reference loops, with a remark.
  ///
  /// - Parameter forward: the kernel of the forward pass, for a gradient.
  init(
    _ direction: KernelDirection, _ geometry: ConvolutionGeometry, of layer: WeightedLayer, forward: LayerKernel? = nil
  ) throws {
    let (name, workspace) = (layer.parameters[0].name, layer.workspace)
    var (input, output) = (layer.input.shape, layer.output.shape)
    if let fast = try Self.fast(direction, geometry, input: input, output: output, forward: forward, workspace) {
      self = fast
      return
    }
    func make(_ x: MemoryDescriptor, _ y: MemoryDescriptor) throws -> Primitive {
      try Self.make(direction, geometry, x, y, .direct, forward: forward)
    }
    (input.element, output.element) = (.float32, .float32)
    let (x, y) = (try MemoryDescriptor.plain(input.dimensions), try MemoryDescriptor.plain(output.dimensions))
    if let primitive = try? make(x, y), !primitive.isReference {
      self.init(primitive: primitive, input: x, output: y, weightShape: geometry.weightShape)
      return
    }
    let own = (x: try MemoryDescriptor(input), y: try MemoryDescriptor(output))
    let last = try make(own.x, own.y)
    self.init(primitive: last, input: own.x, output: own.y, weightShape: geometry.weightShape)
    if last.isReference {
      let what = direction.name(of: "a convolution")
      workspace.remarks.append(
        "\(name): oneDNN has no fast kernel for \(what) to \(output) here (\(last.implementation))")
    }
  }

  /// In the activations' own layouts, both in channel blocks, or both channels last; bf16 also in float32.
  private static func fast(
    _ direction: KernelDirection, _ geometry: ConvolutionGeometry, input: TensorShape,
    output: TensorShape, forward: LayerKernel?, _ workspace: Workspace
  ) throws -> LayerKernel? {
    let elements: [TensorShape.Element] = output.element == .float32 ? [.float32] : [.bfloat16, .float32]
    var (input, output) = (input, output)
    for element in elements {
      guard direction != .weightGradient || geometry.allowsWeightGradientKernels(input.spatial, element) else {
        continue
      }
      (input.element, output.element) = (element, element)
      var blocked = input
      blocked.layout = output.layout
      let layouts = [
        (try MemoryDescriptor(input), try MemoryDescriptor(output)),
        (try MemoryDescriptor(blocked), try MemoryDescriptor(output)),
        (try .channelsLast(input.dimensions, element), try .channelsLast(output.dimensions, element)),
      ]
      for (x, y) in layouts {
        let primitive = try? make(direction, geometry, x, y, workspace.convolution, forward: forward)
        if let primitive, primitive.isFast {
          return LayerKernel(primitive: primitive, input: x, output: y, weightShape: geometry.weightShape)
        }
      }
    }
    return nil
  }

  private static func make(
    _ direction: KernelDirection, _ geometry: ConvolutionGeometry, _ x: MemoryDescriptor,
    _ y: MemoryDescriptor, _ algorithm: ConvolutionAlgorithm, forward: LayerKernel?
  ) throws -> Primitive {
    guard direction != .forward else { return try geometry.primitive(direction, x, y, algorithm) }
    let agrees = forward.map { x.isSame(as: $0.input) && y.isSame(as: $0.output) } ?? false
    let hint = agrees ? forward!.primitive : try geometry.primitive(.forward, x, y, .direct)
    return try geometry.primitive(direction, x, y, algorithm, hint: hint)
  }
}

extension Primitive {
  /// Whether the kernel is made for the layouts: neither the reference loops nor a matrix product of a copy.
  fileprivate var isFast: Bool { !isReference && !implementation.contains("gemm") }
}

/// One activation or its gradient as a kernel takes it: where it is, or in a working copy in the kernel's layout and
/// element type that all shards share.
final class KernelTensor {
  let layout: MemoryDescriptor
  private let own: MemoryDescriptor
  private let copy: AlignedBuffer<Float>?
  private let workspace: Workspace

  init(_ shape: TensorShape, as layout: MemoryDescriptor, _ workspace: Workspace) throws {
    self.layout = layout
    self.workspace = workspace
    own = try MemoryDescriptor(shape)
    copy = layout.isSame(as: own) ? nil : try workspace.pool.take(layout.count)
  }

  /// The kernel's argument for one shard's buffer.
  func argument(_ name: Int32, _ buffer: AlignedBuffer<Float>) -> (
    argument: Int32, layout: MemoryDescriptor, address: UnsafeMutableRawPointer
  ) {
    (name, layout, .init((copy ?? buffer).pointer))
  }

  /// Fills the copy before the kernel runs; nil where there is none.
  func load(_ buffer: AlignedBuffer<Float>) throws -> PreparedCall? {
    try copy.map { try reorder(buffer, own, to: $0, layout) }
  }

  /// Copies back what the kernel wrote.
  func store(_ buffer: AlignedBuffer<Float>) throws -> PreparedCall? {
    try copy.map { try reorder($0, layout, to: buffer, own) }
  }

  /// Lets layers that are planned later use the copy's memory; its content lives only within one kernel's run.
  func release() {
    if let copy { workspace.pool.giveBack(copy) }
  }

  private func reorder(
    _ source: AlignedBuffer<Float>, _ from: MemoryDescriptor, to target: AlignedBuffer<Float>, _ to: MemoryDescriptor
  ) throws -> PreparedCall {
    try PreparedCall(
      try Primitive.reorder(from: from, to: to), scratchpad: workspace.scratchpad,
      [(DNNL_ARG_FROM, from, .init(source.pointer)), (DNNL_ARG_TO, to, .init(target.pointer))])
  }
}
