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
  private var recomputed: RecomputedBlock?
  public private(set) var letsInputGo = false

  public init(body: [any Layer], last: BatchNormalization, projection: [any Layer]?) {
    (self.body, self.last) = (Sequential(body), last)
    self.projection = projection.map(Sequential.init)
  }

  public var parameters: [ParameterSpec] { last.parameters + body.parameters + (projection?.parameters ?? []) }
  public var buffers: [ParameterSpec] { body.buffers + last.buffers + (projection?.buffers ?? []) }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    entry = Activation(viewing: input)
    let isKept = input.isKept
    // Body and shortcut both read it.
    (input.isKept, entry.isKept) = (true, true)
    let (inner, recomputed) = try workspace.planBlock {
      let shortcut: Activation = try projection?.planForward(entry, workspace) ?? entry
      let sum = try body.planForward(input, workspace)
      conversion = Cast(to: sum.shape.element)
      return (shortcut: conversion.planForward(shortcut, workspace), body: sum)
    }
    let shortcut = inner.shortcut
    self.recomputed = recomputed
    last.shortcut = shortcut
    output = try last.planForward(inner.body, workspace)
    // It could only be rebuilt from what is inside.
    if recomputed != nil { output.rebuilding = nil }
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
    letsInputGo = recomputed == nil && body.letsInputGo && projection?.letsInputGo != false && input.rebuilding != nil
    if letsInputGo { input.isKept = isKept }
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    try last.planBackward(workspace)
    try body.planBackward(workspace)
    conversion.planBackward(workspace)
    try projection?.planBackward(workspace)
    projected = entry.gradients
    workspace.releaseGradients(entry)
  }

  public func forward() throws {
    try forwardInside()
    try last.forward()
  }

  private func forwardInside() throws {
    try projection?.forward()
    try body.forward()
    conversion.forward()
  }

  public var takesBFloat16: Bool { true }
  public var writesBeforePostponedWork: Bool { false }

  public func backward() throws {
    try recomputed?.repeat(forwardInside)
    try last.backward()
    try body.backward()
    try conversion.backward()
    try projection?.backward()
    for (sum, part) in zip(input.gradients, projected) {
      Elementwise.add(part, into: sum, input.shape)
    }
  }
}
