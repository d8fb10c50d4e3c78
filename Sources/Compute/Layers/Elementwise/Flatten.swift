import Tensors

/// Images or volumes as rows of numbers (PyTorch's `flatten(1)`): samples × (channels · positions), in C order.
///
/// Plain images keep their memory; channel blocks are copied.
public final class Flatten: Layer {
  public let parameters: [ParameterSpec] = []
  private var input: Activation!
  private var output: Activation!
  private var lanes: ChannelLanes!

  public init() {}

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, lanes) = (input, ChannelLanes(input.shape))
    let shape = TensorShape(
      samples: input.shape.samples, channels: saturatingProduct(input.shape.channels, input.shape.plane))
    if isView {
      output = Activation(shape, values: input.values)
      output.isKept = input.isKept
    } else {
      output = try workspace.activation(shape)
    }
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    if isView {
      input.gradients = output.gradients
    } else {
      input.gradients = try workspace.gradientBuffers(input.shape)
      workspace.release(output)
    }
  }

  public func forward() {
    if isView { return }
    for (x, y) in zip(input.values, output.values) {
      forEachElement { blocked, row in
        y.pointer[row] = x.pointer[blocked]
      } padding: { _ in
      }
    }
  }

  public func backward() {
    if isView { return }
    for (dx, dy) in zip(input.gradients, output.gradients) {
      forEachElement { blocked, row in
        dx.pointer[blocked] = dy.pointer[row]
      } padding: {
        dx.pointer[$0] = 0
      }
    }
  }

  private var isView: Bool { input.shape.layout == .plain }

  /// Calls `body` with each element's places in the channel blocks and in the rows, and `padding` with other places.
  @inline(__always)
  private func forEachElement(_ body: (_ blocked: Int, _ row: Int) -> Void, padding: (_ blocked: Int) -> Void) {
    let (plane, width, channels) = (input.shape.plane, lanes.width, input.shape.channels)
    lanes.forEachBlock { block in
      for lane in 0..<block.lanes {
        let row = (block.sample * channels + block.channel + lane) * plane
        for position in 0..<plane { body(block.offset + position * width + lane, row + position) }
      }
      for lane in block.lanes..<width {
        for position in 0..<plane { padding(block.offset + position * width + lane) }
      }
    }
  }
}
