import Tensors

/// ∂L/∂b of a convolution or a linear layer: the sum of ∂L/∂y over a shard's samples and positions, in double precision
/// and in the order of memory, with any number of threads.
final class BiasGradient {
  /// Numbers of a row that one task sums.
  private static let rowPart = 64

  private let output: Activation
  private let sum: GradientSum
  private let offset: Int
  /// One number per channel, including those of the last block's padding.
  private let sums: AlignedBuffer<Double>

  /// - Parameter sum: of the layer's weight and bias.
  init(_ spec: ParameterSpec, of output: Activation, _ sum: GradientSum, _ workspace: Workspace) throws {
    (self.output, self.sum) = (output, sum)
    offset = try workspace.parameters.layout.entry(spec.name).offset
    sums = try AlignedBuffer(output.shape.storedChannels)
  }

  func run(leaf: Int) {
    switch output.shape.element {
    case .float32: add(output.gradients[leaf].pointer)
    case .bfloat16: add(output.gradients[leaf].bfloat16)
    }
    let target = sum.address(leaf: leaf, offset: offset)
    for channel in 0..<output.shape.channels { target[channel] = Float(sums.pointer[channel]) }
  }

  private func add<Number: StoredNumber>(_ dy: UnsafePointer<Number>) {
    let (shape, sums) = (output.shape, sums.pointer)
    let width: Int
    switch shape.layout {
    case .blocked(let lanes): width = lanes
    case .plain:
      precondition(shape.spatial.isEmpty, "plain rows, or channel blocks")
      width = Self.rowPart
    }
    let (channels, blockStride) = (shape.storedChannels, shape.plane * width)
    ThreadPool.forEachRange(of: (channels + width - 1) / width) { range in
      for block in range {
        let total = sums + block * width
        let lanes = min(width, channels - block * width)
        for lane in 0..<lanes { total[lane] = 0 }
        for sample in 0..<shape.samples {
          var at = sample * shape.sampleStride + block * blockStride
          for _ in 0..<shape.plane {
            for lane in 0..<lanes { total[lane] += Double(dy[at + lane].float) }
            at += width
          }
        }
      }
    }
  }
}
