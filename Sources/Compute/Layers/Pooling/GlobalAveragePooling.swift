import Tensors

/// The mean of each channel over all positions (PyTorch's `AdaptiveAvgPool(1)` and `flatten`): samples × channels out.
public final class GlobalAveragePooling: Layer {
  public let parameters: [ParameterSpec] = []
  private var input: Activation!
  private var output: Activation!
  private var lanes: ChannelLanes!

  public init() {}

  public var takesBFloat16: Bool { true }

  public func planForward(_ input: Activation, _ workspace: Workspace) throws -> Activation {
    (self.input, lanes) = (input, ChannelLanes(input.shape))
    output = try workspace.activation(
      TensorShape(
        samples: input.shape.samples, channels: input.shape.channels, element: input.shape.element))
    return output
  }

  public func planBackward(_ workspace: Workspace) throws {
    input.gradients = try workspace.gradientBuffers(input.shape)
    workspace.release(output)
  }

  public var letsInputGo: Bool { true }

  public func forward() {
    for (x, y) in zip(input.values, output.values) {
      switch input.shape.element {
      case .float32: average(x.pointer, into: y.pointer)
      case .bfloat16: average(x.bfloat16, into: y.bfloat16)
      }
    }
  }

  public func backward() {
    for (dx, dy) in zip(input.gradients, output.gradients) {
      switch input.shape.element {
      case .float32: spread(dy.pointer, to: dx.pointer)
      case .bfloat16: spread(dy.bfloat16, to: dx.bfloat16)
      }
    }
  }

  /// Sums are float32.
  private func average<Number: StoredNumber>(_ x: UnsafePointer<Number>, into y: UnsafeMutablePointer<Number>) {
    let (channels, width, positions) = (input.shape.channels, lanes.width, input.shape.plane)
    lanes.forEachBlock { block in
      let row = y + block.sample * channels + block.channel
      for first in stride(from: 0, to: block.lanes, by: 16) {
        let count = min(16, block.lanes - first)
        var sums = SIMD16<Float>.zero
        var at = x + block.offset + first
        for _ in 0..<positions {
          sums += SIMD16.load(at, full: count == 16, lanes: count)
          at += width
        }
        (sums * (1 / Float(positions))).store(row + first, full: count == 16, lanes: count)
      }
    }
  }

  private func spread<Number: StoredNumber>(_ dy: UnsafePointer<Number>, to dx: UnsafeMutablePointer<Number>) {
    let (channels, width, positions) = (input.shape.channels, lanes.width, input.shape.plane)
    lanes.forEachBlock { block in
      let row = dy + block.sample * channels + block.channel
      var at = dx + block.offset
      for _ in 0..<positions {
        for lane in 0..<block.lanes { at[lane] = Number(row[lane].float * (1 / Float(positions))) }
        for lane in block.lanes..<width { at[lane] = Number(0) }
        at += width
      }
    }
  }
}
