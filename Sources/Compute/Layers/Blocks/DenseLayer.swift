import Diagnostics

/// y = [x, body(x)] along the channels: one step of a `DenseBlock`.
///
/// Images and volumes come out in the body's layout.
public final class DenseLayer: Layer {
  private let body: Sequential
  private let conversion = Cast(to: .float32)
  private var input: Activation!
  private var added: Activation!
  private var output: Activation!
  private var recomputed: RecomputedBlock?
  /// x into y.
  private var keep: ChannelCopy!
  /// body(x) into y.
  private var append: ChannelCopy!
  /// ∂L/∂y into the gradient of body(x).
  private var take: ChannelCopy!
  /// ∂L/∂y to the gradient of x.
  private var accumulate: ChannelCopy!

  public init(_ body: [any Layer]) { self.body = Sequential(body) }

  public var parameters: [ParameterSpec] { body.parameters }
  public var buffers: [ParameterSpec] { body.buffers }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    // It is copied after the body, whose working memory may lie where the output will be.
    input.isKept = true
    (added, recomputed) = try workspace.planBlock {
      try conversion.planForward(body.planForward(input, workspace), workspace)
    }
    let (x, new) = (input.shape, added.shape)
    guard new.samples == x.samples, new.spatial == x.spatial else {
      throw Failure(
        .usage, "the layers of a dense block change the extents", at: body.parameters.last?.name,
        expected: "\(x.spatial), as they go in", found: "\(new.spatial)",
        remedy: "give strides of 1 and matching padding")
    }
    var shape = new
    shape.channels += x.channels
    output = try workspace.activation(shape)
    keep = ChannelCopy(x, shape, channels: x.channels)
    append = ChannelCopy(new, shape, to: x.channels, channels: new.channels)
    take = ChannelCopy(shape, from: x.channels, new, channels: new.channels)
    accumulate = ChannelCopy(shape, x, channels: x.channels)
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    added.gradients = try workspace.gradientBuffers(added.shape)
    try conversion.planBackward(workspace)
    try body.planBackward(workspace)
    // Only now: it is read once more after the body's backward pass.
    workspace.release(output)
  }

  private func forwardInside() throws {
    try body.forward()
    conversion.forward()
  }

  public func forward() throws {
    try forwardInside()
    for (x, y) in zip(input.values, output.values) { keep.copy(x.pointer, to: y.pointer) }
    for (x, y) in zip(added.values, output.values) { append.copy(x.pointer, to: y.pointer) }
  }

  public func backward() throws {
    try recomputed?.repeat(forwardInside)
    let lanes = ChannelLanes(added.shape)
    for (dy, gradient) in zip(output.gradients, added.gradients) {
      take.copy(dy.pointer, to: gradient.pointer)
      lanes.zeroPadding(gradient.pointer)
    }
    try conversion.backward()
    try body.backward()
    for (dy, dx) in zip(output.gradients, input.gradients) { accumulate.add(dy.pointer, to: dx.pointer) }
  }
}
