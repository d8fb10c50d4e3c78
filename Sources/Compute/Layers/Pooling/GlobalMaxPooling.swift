import Tensors

/// The maximum of each channel over all positions (PyTorch's `AdaptiveMaxPool(1)`, `flatten`): samples × channels out.
///
/// Among equal maxima the first in C order gets the gradient. NaN wins, as in PyTorch.
public final class GlobalMaxPooling: Layer {
  public let parameters: [ParameterSpec] = []
  private var input: Activation!
  private var output: Activation!
  private var lanes: ChannelLanes!
  /// The position of each sample's and channel's maximum.
  private var choices: [AlignedBuffer<Int32>] = []

  public init() {}

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, lanes) = (input, ChannelLanes(input.shape))
    output = try workspace.activation(TensorShape(samples: input.shape.samples, channels: input.shape.channels))
    choices = try output.values.map { try AlignedBuffer($0.count) }
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = try workspace.gradientBuffers(input.shape)
    workspace.release(output)
  }

  public func forward() {
    let (channels, width, positions) = (input.shape.channels, lanes.width, input.shape.plane)
    for shard in input.values.indices {
      let (x, y, choice) = (input.values[shard].pointer, output.values[shard].pointer, choices[shard].pointer)
      lanes.forEachBlock { block in
        let row = block.sample * channels + block.channel
        let (best, chosen) = (y + row, choice + row)
        var at = x + block.offset
        for lane in 0..<block.lanes { (best[lane], chosen[lane]) = (at[lane], 0) }
        for position in 1..<max(1, positions) {
          at += width
          for lane in 0..<block.lanes where at[lane] > best[lane] || at[lane].isNaN {
            (best[lane], chosen[lane]) = (at[lane], Int32(truncatingIfNeeded: position))
          }
        }
      }
    }
  }

  public func backward() {
    let (channels, width, positions) = (input.shape.channels, lanes.width, input.shape.plane)
    for shard in input.gradients.indices {
      let (dx, dy, choice) = (input.gradients[shard].pointer, output.gradients[shard].pointer, choices[shard].pointer)
      lanes.forEachBlock { block in
        let row = block.sample * channels + block.channel
        let at = dx + block.offset
        at.update(repeating: 0, count: positions * width)
        for lane in 0..<block.lanes { at[Int(choice[row + lane]) * width + lane] = dy[row + lane] }
      }
    }
  }
}
