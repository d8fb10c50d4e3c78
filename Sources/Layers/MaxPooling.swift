import COneDNN
import Diagnostics
import Tensors

/// The maximum over windows (PyTorch's `MaxPool2d/3d`), through oneDNN. Padding counts as −∞.
///
/// Output extents are ⌊(spatial + 2·padding − window)/stride⌋ + 1.
///
/// What is not a number loses every comparison in oneDNN's kernels, where it wins in PyTorch's: it does not reach the
/// output. In training the gradients of the batch norm before show it all the same.
public final class MaxPooling: Layer {
  public let parameters: [ParameterSpec] = []
  /// One entry for each spatial direction, or one for all, as in `stride` and `padding`.
  public let window: [Int]
  public let stride: [Int]
  public let padding: [Int]
  private var input: Activation!
  private var output: Activation!
  private var primitive: Primitive!
  private var choices: [AlignedBuffer<Float>] = []
  private var forwardCalls: [PreparedCall] = []
  private var backwardCalls: [PreparedCall] = []

  /// Sizes that do not fit together are a usage failure when the layer is planned.
  public init(window: [Int], stride: [Int], padding: [Int]) {
    (self.window, self.stride, self.padding) = (window, stride, padding)
  }

  /// The same in every direction.
  public convenience init(window: Int, stride: Int, padding: Int) {
    self.init(window: [window], stride: [stride], padding: [padding])
  }

  public var kind: String { "MaxPooling \(sizeText(window)), stride \(sizeText(stride))" }

  public var takesBFloat16: Bool { true }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    try validate(input.shape)
    var shape = input.shape
    let (window, stride, padding) = (each(window), each(stride), each(padding))
    shape.spatial = shape.spatial.indices.map {
      (shape.spatial[$0] + 2 * padding[$0] - window[$0]) / stride[$0] + 1
    }
    output = workspace.activation(shape)
    let (x, y) = (try MemoryDescriptor(input.shape), try MemoryDescriptor(shape))
    var operation = dnnl_pooling_desc_t()
    var (from, to) = (x.raw, y.raw)
    let (strides, windows, paddings) = extents
    try OneDNN.check(
      "describing max pooling",
      dnnl_pooling_forward_desc_init(
        &operation, workspace.isTraining ? dnnl_forward_training : dnnl_forward_inference, dnnl_pooling_max, &from, &to,
        strides, windows, paddings, paddings))
    primitive = try Primitive("max pooling", operation: &operation)
    let choice = primitive.layout(dnnl_query_workspace_md)
    choices = workspace.isTraining ? input.values.map { _ in AlignedBuffer<Float>(choice.count) } : []
    forwardCalls = try input.values.indices.map { shard in
      try PreparedCall(
        primitive, scratchpad: workspace.scratchpad,
        [
          (DNNL_ARG_SRC, x, .init(input.values[shard].pointer)), (DNNL_ARG_DST, y, .init(output.values[shard].pointer)),
        ] + (choices.isEmpty ? [] : [(DNNL_ARG_WORKSPACE, choice, .init(choices[shard].pointer))]))
    }
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = workspace.gradientBuffers(input.shape)
    let (x, y) = (try MemoryDescriptor(input.shape), try MemoryDescriptor(output.shape))
    var operation = dnnl_pooling_desc_t()
    var (dx, dy) = (x.raw, y.raw)
    let (strides, windows, paddings) = extents
    try OneDNN.check(
      "describing max pooling's gradient",
      dnnl_pooling_backward_desc_init(
        &operation, dnnl_pooling_max, &dx, &dy, strides, windows, paddings, paddings))
    let gradient = try Primitive("max pooling's gradient", operation: &operation, hint: primitive)
    let choice = gradient.layout(dnnl_query_workspace_md)
    backwardCalls = try input.gradients.indices.map { shard in
      try PreparedCall(
        gradient, scratchpad: workspace.scratchpad,
        [
          (DNNL_ARG_DIFF_SRC, x, .init(input.gradients[shard].pointer)),
          (DNNL_ARG_DIFF_DST, y, .init(output.gradients[shard].pointer)),
          (DNNL_ARG_WORKSPACE, choice, .init(choices[shard].pointer)),
        ])
    }
    workspace.release(output)
  }

  public func forward() throws {
    for call in forwardCalls { try call.run() }
  }

  public func backward() throws {
    for call in backwardCalls { try call.run() }
  }

  private var extents: (strides: [dnnl_dim_t], windows: [dnnl_dim_t], paddings: [dnnl_dim_t]) {
    (each(stride).map { dnnl_dim_t($0) }, each(window).map { dnnl_dim_t($0) }, each(padding).map { dnnl_dim_t($0) })
  }

  /// One entry for each spatial direction of the input.
  private func each(_ sizes: [Int]) -> [Int] {
    sizes.count == 1 ? input.shape.spatial.map { _ in sizes[0] } : sizes
  }

  private func validate(_ input: TensorShape) throws {
    let directions = input.spatial.count
    let counts = [1, directions]
    guard 2...3 ~= directions, [window, stride, padding].allSatisfy({ counts.contains($0.count) }),
      // The upper bound keeps every product far from an overflow.
      (window + stride).allSatisfy((1...1 << 24).contains),
      zip(each(window), each(padding)).allSatisfy({ 0...$0 / 2 ~= $1 })
    else {
      throw Failure(
        .usage, "the sizes of max pooling make no sense for \(input)",
        expected:
          "window, stride and padding of 1 number or 1 for each direction, at least 1, padding 0 to half a window",
        found: "window \(window), stride \(stride), padding \(padding)",
        remedy: "give one number for each direction of the images")
    }
    guard zip(input.spatial, zip(each(window), each(padding))).allSatisfy({ $0 + 2 * $1.1 >= $1.0 }) else {
      let least = zip(each(window), each(padding)).map { $0 - 2 * $1 }
      throw Failure(
        .usage, "the images are too small for max pooling",
        expected: "at least \(least.map(String.init).joined(separator: "×"))",
        found: input.description, remedy: "give larger images, or --stem small")
    }
  }
}
