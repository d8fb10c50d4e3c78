import COneDNN
import Diagnostics
import Tensors

/// The maximum over windows (PyTorch's `MaxPool2d/3d`), through oneDNN. Padding counts as −∞.
///
/// What is not a number loses every comparison in oneDNN's kernels, where it wins in PyTorch's: it does not reach the
/// output. In training the gradients of the batch norm before show it all the same.
public final class MaxPooling: Layer {
  public let parameters: [ParameterSpec] = []
  /// One number for each direction, or one for all.
  public let window: [Int]
  public let stride: [Int]
  public let padding: [Int]
  private var input: Activation!
  private var output: Activation!
  private var primitive: Primitive!
  private var choices: [AlignedBuffer<Float>] = []
  private var forwardCalls: [PreparedCall] = []
  private var backwardCalls: [PreparedCall] = []

  public init(window: [Int], stride: [Int], padding: [Int]) {
    (self.window, self.stride, self.padding) = (window, stride, padding)
  }

  /// The same in all directions.
  public convenience init(window: Int, stride: Int, padding: Int) {
    self.init(window: [window], stride: [stride], padding: [padding])
  }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    var shape = input.shape
    let (windows, steps, paddings) = (all(window), all(stride), all(padding))
    let rest = shape.spatial.indices.map { shape.spatial[$0] + 2 * paddings[$0] - windows[$0] }
    guard rest.allSatisfy({ $0 >= 0 }) else {
      throw Failure(
        .usage, "the images are too small for max pooling",
        expected: "at least \(zip(windows, paddings).map { "\($0 - 2 * $1)" }.joined(separator: "×"))",
        found: input.shape.description, remedy: "give larger images, or --stem small")
    }
    shape.spatial = zip(rest, steps).map { $0 / $1 + 1 }
    output = workspace.activation(shape)
    let (x, y) = (try MemoryDescriptor(input.shape), try MemoryDescriptor(shape))
    var operation = dnnl_pooling_desc_t()
    var (from, to) = (x.raw, y.raw)
    try OneDNN.check(
      "describing max pooling",
      dnnl_pooling_forward_desc_init(
        &operation, workspace.isTraining ? dnnl_forward_training : dnnl_forward_inference, dnnl_pooling_max, &from, &to,
        extents(stride), extents(window), extents(padding), extents(padding)))
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
    try OneDNN.check(
      "describing max pooling's gradient",
      dnnl_pooling_backward_desc_init(
        &operation, dnnl_pooling_max, &dx, &dy, extents(stride), extents(window), extents(padding), extents(padding)))
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

  /// One number a direction.
  private func all(_ sizes: [Int]) -> [Int] {
    sizes.count == 1 ? [Int](repeating: sizes[0], count: input.shape.spatial.count) : sizes
  }

  private func extents(_ sizes: [Int]) -> [dnnl_dim_t] { all(sizes).map { dnnl_dim_t($0) } }
}
