import Diagnostics
import Tensors

/// y = ReLU(body(x) + shortcut(x)): the last layer of the body is a batch norm that adds the shortcut and rectifies.
///
/// The shortcut is x itself, or a projection of it (`downsample`: a convolution and a batch norm).
public final class ResidualBlock: Layer {
  private let body: Sequential
  private let last: BatchNormalization
  private let projection: Sequential?
  /// Gives the shortcut the body's element type.
  private var conversion: Cast!
  private var input: Activation!
  /// The input as the shortcut sees it: the same values, a gradient of its own.
  private var entry: Activation!
  private var output: Activation!
  /// The gradient that comes through the projection, before it is added to the body's.
  private var projected: [AlignedBuffer<Float>] = []

  public init(body: [any Layer], last: BatchNormalization, projection: [any Layer]?) {
    (self.body, self.last) = (Sequential(body), last)
    self.projection = projection.map(Sequential.init)
  }

  public var parameters: [ParameterSpec] { last.parameters + body.parameters + (projection?.parameters ?? []) }
  public var buffers: [ParameterSpec] { body.buffers + last.buffers + (projection?.buffers ?? []) }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    entry = Activation(input.shape, values: input.values)
    // Body and shortcut both read it.
    (input.isKept, entry.isKept) = (true, true)
    var shortcut: Activation = try projection?.planForward(entry, workspace) ?? entry
    let sum = try body.planForward(input, workspace)
    conversion = Cast(to: sum.shape.element)
    shortcut = conversion.planForward(shortcut, workspace)
    last.shortcut = shortcut
    output = try last.planForward(sum, workspace)
    guard shortcut.shape == output.shape else {
      // Plain images cannot be added to a convolution's channel blocks, even of the same shape.
      throw Failure(
        .usage, "a residual block's shortcut does not fit its body", at: last.parameters[0].name,
        expected: "a shortcut of \(output.shape), in the body's layout", found: shortcut.shape.description,
        remedy: "give the block a projection, or a convolution before it")
    }
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    try last.planBackward(workspace)
    try body.planBackward(workspace)
    conversion.planBackward(workspace)
    try projection?.planBackward(workspace)
    projected = entry.gradients
    workspace.release(entry)
  }

  public func forward() throws {
    try projection?.forward()
    try body.forward()
    conversion.forward()
    try last.forward()
  }

  public var takesBFloat16: Bool { true }
  public var writesBeforePostponedWork: Bool { false }

  public func backward() throws {
    try last.backward()
    try body.backward()
    conversion.backward()
    try projection?.backward()
    for (sum, part) in zip(input.gradients, projected) {
      Elementwise.add(part, into: sum, input.shape)
    }
  }
}
