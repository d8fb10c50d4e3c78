internal import COneDNN
import Tensors

/// The mean over windows (PyTorch's `AvgPool2d/3d`), through oneDNN.
///
/// Output extents are ⌊(extent + 2·padding − window)/stride⌋ + 1. Padding counts as zeros; or, without
/// `countIncludesPadding`, a window's sum is divided by the number of its elements inside the images.
public final class AveragePooling: Layer {
  public let parameters: [ParameterSpec] = []
  /// One number for each direction, or one for all.
  public let window: [Int]
  public let stride: [Int]
  /// At most half the window.
  public let padding: [Int]
  public let countIncludesPadding: Bool
  private var input: Activation!
  private var output: Activation!
  private var windows: Windows!
  private var primitive: Primitive!
  private var forwardCalls: [PreparedCall] = []
  private var backwardCalls: [PreparedCall] = []

  /// - Parameter stride: nil for windows that lie next to each other.
  public init(window: [Int], stride: [Int]? = nil, padding: [Int] = [0], countIncludesPadding: Bool = true) {
    self.window = window
    self.stride = stride ?? window
    self.padding = padding
    self.countIncludesPadding = countIncludesPadding
  }

  /// The same in all directions.
  public convenience init(window: Int, stride: Int? = nil, padding: Int = 0, countIncludesPadding: Bool = true) {
    self.init(
      window: [window], stride: stride.map { [$0] }, padding: [padding], countIncludesPadding: countIncludesPadding)
  }

  public var takesBFloat16: Bool { true }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    var shape = input.shape
    (windows, shape.spatial) = try Windows.pooling(
      "average pooling", window: window, stride: stride, padding: padding, over: input.shape)
    output = try workspace.activation(shape)
    let (x, y) = (try MemoryDescriptor(input.shape), try MemoryDescriptor(shape))
    var operation = dnnl_pooling_desc_t()
    var (from, to) = (x.raw, y.raw)
    try OneDNN.check(
      "describing average pooling",
      dnnl_pooling_forward_desc_init(
        &operation, workspace.isTraining ? dnnl_forward_training : dnnl_forward_inference, algorithm, &from, &to,
        windows.strides, windows.extents, windows.paddings, windows.paddings))
    primitive = try Primitive("average pooling", operation: &operation)
    forwardCalls = try zip(input.values, output.values).map { from, to in
      try PreparedCall(
        primitive, scratchpad: workspace.scratchpad,
        [(DNNL_ARG_SRC, x, .init(from.pointer)), (DNNL_ARG_DST, y, .init(to.pointer))])
    }
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = try workspace.gradientBuffers(input.shape)
    let (x, y) = (try MemoryDescriptor(input.shape), try MemoryDescriptor(output.shape))
    var operation = dnnl_pooling_desc_t()
    var (dx, dy) = (x.raw, y.raw)
    try OneDNN.check(
      "describing average pooling's gradient",
      dnnl_pooling_backward_desc_init(
        &operation, algorithm, &dx, &dy, windows.strides, windows.extents, windows.paddings, windows.paddings))
    let gradient = try Primitive("average pooling's gradient", operation: &operation, hint: primitive)
    backwardCalls = try zip(input.gradients, output.gradients).map { to, from in
      try PreparedCall(
        gradient, scratchpad: workspace.scratchpad,
        [(DNNL_ARG_DIFF_SRC, x, .init(to.pointer)), (DNNL_ARG_DIFF_DST, y, .init(from.pointer))])
    }
    workspace.release(output)
  }

  public var letsInputGo: Bool { true }

  public func forward() throws {
    for call in forwardCalls { try call.run() }
  }

  public func backward() throws {
    for call in backwardCalls { try call.run() }
  }

  public var kind: String { "AveragePooling \(sizeText(window)), stride \(sizeText(stride))" }

  private var algorithm: dnnl_alg_kind_t {
    countIncludesPadding ? dnnl_pooling_avg_include_padding : dnnl_pooling_avg_exclude_padding
  }
}
