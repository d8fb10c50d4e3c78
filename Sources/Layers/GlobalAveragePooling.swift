import Tensors

/// The mean of each channel over all positions (PyTorch's `AdaptiveAvgPool(1)` and `flatten`): samples × channels out.
public final class GlobalAveragePooling: Layer {
  public let parameters: [ParameterSpec] = []
  private var input: Activation!
  private var output: Activation!
  private var lanes: ChannelLanes!

  public init() {}

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, lanes) = (input, ChannelLanes(input.shape))
    output = workspace.activation(TensorShape(samples: input.shape.samples, channels: input.shape.channels))
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = workspace.gradientBuffers(input.shape)
    workspace.release(output)
  }

  public var letsInputGo: Bool { true }

  public func forward() {
    let (channels, width, positions) = (input.shape.channels, lanes.width, input.shape.plane)
    for (x, y) in zip(input.values, output.values) {
      lanes.forEachBlock { block in
        let row = y.pointer + block.sample * channels + block.channel
        for lane in 0..<block.lanes { row[lane] = 0 }
        var at = x.pointer + block.offset
        for _ in 0..<positions {
          for lane in 0..<block.lanes { row[lane] += at[lane] }
          at += width
        }
        for lane in 0..<block.lanes { row[lane] *= 1 / Float(positions) }
      }
    }
  }

  public func backward() {
    let (channels, width, positions) = (input.shape.channels, lanes.width, input.shape.plane)
    for (dx, dy) in zip(input.gradients, output.gradients) {
      lanes.forEachBlock { block in
        let row = dy.pointer + block.sample * channels + block.channel
        var at = dx.pointer + block.offset
        for _ in 0..<positions {
          for lane in 0..<block.lanes { at[lane] = row[lane] * (1 / Float(positions)) }
          for lane in block.lanes..<width { at[lane] = 0 }
          at += width
        }
      }
    }
  }
}
