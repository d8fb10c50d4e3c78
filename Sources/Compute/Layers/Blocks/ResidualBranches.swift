import Tensors

/// The two branches of a residual, a body and a shortcut: both read the input, whose gradient is the sum of theirs.
final class ResidualBranches {
  let body: Sequential
  /// nil where the shortcut is the input itself.
  let shortcut: Sequential?
  private var input: Activation!
  /// The input as the shortcut sees it: the same values, with its own gradient.
  private var entry: Activation!
  /// Gives the shortcut the body's element type.
  private var conversion: Cast!
  /// The gradient that comes through the shortcut, before it is added to the body's.
  private var passed: [AlignedBuffer<Float>] = []
  private var recomputed: RecomputedBlock?

  init(body: [any Layer], shortcut: [any Layer]?) {
    self.body = Sequential(body)
    self.shortcut = shortcut.map(Sequential.init)
  }

  /// Whether backward computes everything inside once more.
  var isRecomputed: Bool { recomputed != nil }

  /// The outputs of both. The input is kept from now on.
  func planForward(
    _ input: Activation, _ workspace: Workspace
  ) throws -> (body: Activation, shortcut: Activation) {
    self.input = input
    entry = Activation(viewing: input)
    (input.isKept, entry.isKept) = (true, true)
    let (outputs, recomputed) = try workspace.planBlock {
      let passed = try shortcut?.planForward(entry, workspace) ?? entry!
      let sum = try body.planForward(input, workspace)
      conversion = Cast(to: sum.shape.element)
      return (body: sum, shortcut: try conversion.planForward(passed, workspace))
    }
    self.recomputed = recomputed
    return outputs
  }

  /// The gradients of both outputs already exist.
  func planBackward(_ workspace: Workspace) throws {
    try body.planBackward(workspace)
    try conversion.planBackward(workspace)
    try shortcut?.planBackward(workspace)
    passed = entry.gradients
    workspace.releaseGradients(entry)
  }

  func forward() throws {
    try shortcut?.forward()
    try body.forward()
    conversion.forward()
  }

  /// Brings back what is inside, before backward.
  func recompute() throws { try recomputed?.repeat(forward) }

  func backward() throws {
    try body.backward()
    try conversion.backward()
    try shortcut?.backward()
    for (sum, part) in zip(input.gradients, passed) { Elementwise.add(part, into: sum, input.shape) }
  }
}
