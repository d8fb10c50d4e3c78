import COneDNN
import Diagnostics
import Tensors

/// The maximum over windows (PyTorch's `MaxPool2d/3d`), through oneDNN. Padding counts as −∞.
///
/// What is not a number loses every comparison in oneDNN's kernels, where it wins in PyTorch's: it does not reach the
/// output. In training the gradients of the batch norm before show it all the same.
public final class MaxPooling: Layer {
  public let parameters: [ParameterSpec] = []
  public let window: Int
  public let stride: Int
  public let padding: Int
  private var input: Activation!
  private var output: Activation!
  private var primitive: Primitive!
  private var choices: [AlignedBuffer<Float>] = []
  private var forwardCalls: [PreparedCall] = []
  private var backwardCalls: [PreparedCall] = []

  public init(window: Int, stride: Int, padding: Int) {
    (self.window, self.stride, self.padding) = (window, stride, padding)
  }

  public var kind: String { "MaxPooling \(window), stride \(stride)" }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    guard input.shape.spatial.allSatisfy({ $0 + 2 * padding >= window }) else {
      throw Failure(
        .usage, "the images are too small for max pooling",
        expected: "at least \(window - 2 * padding) in each direction",
        found: input.shape.description, remedy: "give larger images, or --stem small")
    }
    var shape = input.shape
    shape.spatial = shape.spatial.map { ($0 + 2 * padding - window) / stride + 1 }
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
    let rank = input.shape.spatial.count
    func all(_ value: Int) -> [dnnl_dim_t] { [dnnl_dim_t](repeating: dnnl_dim_t(value), count: rank) }
    return (all(stride), all(window), all(padding))
  }
}
