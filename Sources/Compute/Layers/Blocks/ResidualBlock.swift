import Diagnostics
import Tensors

/// y = ReLU(body(x) + shortcut(x)): the last layer of the body is a batch norm that adds the shortcut and rectifies.
///
/// The shortcut is x itself, or a projection of it (`downsample`: a convolution and a batch norm).
public final class ResidualBlock: Layer {
  private let branches: ResidualBranches
  private let last: BatchNormalization
  public private(set) var letsInputGo = false

  public init(body: [any Layer], last: BatchNormalization, projection: [any Layer]?) {
    branches = ResidualBranches(body: body, shortcut: projection)
    self.last = last
  }

  public var parameters: [ParameterSpec] {
    last.parameters + branches.body.parameters + (branches.shortcut?.parameters ?? [])
  }
  public var buffers: [ParameterSpec] {
    branches.body.buffers + last.buffers + (branches.shortcut?.buffers ?? [])
  }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    let isKept = input.isKept
    let (sum, shortcut) = try branches.planForward(input, workspace)
    last.shortcut = shortcut
    let output = try last.planForward(sum, workspace)
    // It could only be rebuilt from what is inside.
    if branches.isRecomputed { output.rebuilding = nil }
    let projection = branches.shortcut
    // In backward only what comes before the projection's batch norm is needed.
    if projection != nil, workspace.isTraining { shortcut.makeTransient() }
    guard shortcut.shape == output.shape else {
      // Plain images cannot be added to a convolution's channel blocks, even of the same shape.
      throw Failure(
        .usage, "a residual block's shortcut does not fit its body", at: last.parameters[0].name,
        expected: "a shortcut of \(output.shape), in the body's layout", found: shortcut.shape.description,
        remedy: "give the block a projection, or a convolution before it")
    }
    // A block that is recomputed begins with its input.
    letsInputGo =
      !branches.isRecomputed && branches.body.letsInputGo && projection?.letsInputGo != false
      && input.rebuilding != nil
    if letsInputGo { input.isKept = isKept }
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    try last.planBackward(workspace)
    try branches.planBackward(workspace)
  }

  public func forward() throws {
    try branches.forward()
    try last.forward()
  }

  public var takesBFloat16: Bool { true }
  public var writesBeforePostponedWork: Bool { false }

  public func backward() throws {
    try branches.recompute()
    try last.backward()
    try branches.backward()
  }
}
