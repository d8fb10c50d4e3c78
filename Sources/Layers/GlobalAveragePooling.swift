import Tensors

/// The mean of each channel over all positions (PyTorch's `AdaptiveAvgPool(1)` and `flatten`): samples × channels out.
public final class GlobalAveragePooling: Layer {
  public let parameters: [ParameterSpec] = []
  private var input: Activation!
  private var output: Activation!

  public init() {}

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    self.input = input
    output = workspace.activation(TensorShape(samples: input.shape.samples, channels: input.shape.channels))
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = workspace.gradientBuffers(input.shape)
    workspace.release(output)
  }

  public func forward() {
    for (x, y) in zip(input.values, output.values) {
      forEachPlane { plane, row, channels in
        for lane in 0..<channels { y.pointer[row + lane] = 0 }
        var at = plane
        for _ in 0..<positions {
          for lane in 0..<channels { y.pointer[row + lane] += x.pointer[at + lane] }
          at += width
        }
        for lane in 0..<channels { y.pointer[row + lane] *= 1 / Float(positions) }
      }
    }
  }

  public func backward() {
    for (dx, dy) in zip(input.gradients, output.gradients) {
      forEachPlane { plane, row, channels in
        var at = plane
        for _ in 0..<positions {
          for lane in 0..<channels { dx.pointer[at + lane] = dy.pointer[row + lane] * (1 / Float(positions)) }
          for lane in channels..<width { dx.pointer[at + lane] = 0 }
          at += width
        }
      }
    }
  }

  private var positions: Int { input.shape.plane }
  private var width: Int {
    guard case .blocked(let width) = input.shape.layout else { return 1 }
    return width
  }

  /// Calls `body` with where each sample's channel block starts in the input, where in the output, and its channels.
  private func forEachPlane(_ body: (_ plane: Int, _ row: Int, _ channels: Int) -> Void) {
    let (channels, width) = (input.shape.channels, width)
    let blocks = (channels + width - 1) / width
    ThreadPool.forEachRange(of: input.shape.samples * blocks) { range in
      for index in range {
        let (sample, block) = (index / blocks, index % blocks)
        body(index * positions * width, sample * channels + block * width, min(width, channels - block * width))
      }
    }
  }
}
