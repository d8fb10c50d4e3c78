import Tensors

/// A linear layer's directions as matrix products on the arena's own memory, a shard at a time: y = x·wᵀ + b,
/// ∂L/∂x = ∂L/∂y·w, ∂L/∂w = (∂L/∂y)ᵀ·x and ∂L/∂b, the sum of ∂L/∂y over the rows.
final class LinearProduct {
  private let input: Activation
  private let output: Activation
  private let (samples, inputs, outputs): (Int, Int, Int)
  private let weight: UnsafeMutablePointer<Float>
  private let bias: UnsafeMutablePointer<Float>?
  /// Arena offsets of weight and bias.
  private let offsets: (weight: Int, bias: Int)
  private let sums: AlignedBuffer<Double>

  /// - Parameter specs: the weight, outputs × inputs, and the bias where there is one.
  init(input: Activation, output: Activation, _ specs: [ParameterSpec], _ workspace: Workspace) throws {
    (self.input, self.output) = (input, output)
    (samples, inputs, outputs) = (input.shape.samples, specs[0].shape[1], specs[0].shape[0])
    let entries = try specs.map { try workspace.parameters.layout.entry($0.name) }
    weight = workspace.parameters.pointer(of: entries[0])
    bias = entries.count > 1 ? workspace.parameters.pointer(of: entries[1]) : nil
    offsets = (entries[0].offset, entries.last!.offset)
    sums = AlignedBuffer(bias == nil ? 0 : outputs)
  }

  func forward() {
    let (samples, inputs, outputs) = (samples, inputs, outputs)
    for (x, y) in zip(input.values, output.values) {
      if let bias {
        let target = y.pointer
        ThreadPool.forEachRange(of: samples) { rows in
          for row in rows { (target + row * outputs).update(from: bias, count: outputs) }
        }
      }
      MatrixProduct.multiply(
        m: samples, n: outputs, k: inputs, a: x.pointer, strideA: inputs, b: weight, transposeB: true,
        strideB: inputs, beta: bias == nil ? 0 : 1, c: y.pointer, strideC: outputs)
    }
  }

  func dataGradient() {
    for (dx, dy) in zip(input.gradients, output.gradients) {
      MatrixProduct.multiply(
        m: samples, n: inputs, k: outputs, a: dy.pointer, strideA: outputs, b: weight, strideB: inputs,
        c: dx.pointer, strideC: inputs)
    }
  }

  /// Writes one shard's part to its place in the sum.
  func weightGradient(_ leaf: Int, _ sum: GradientSum) {
    let (x, dy) = (input.backwardValues[leaf].pointer, output.gradients[leaf].pointer)
    MatrixProduct.multiply(
      m: outputs, n: inputs, k: samples, a: dy, transposeA: true, strideA: outputs, b: x, strideB: inputs,
      c: sum.address(leaf: leaf, offset: offsets.weight), strideC: inputs)
    guard bias != nil else { return }
    let (samples, outputs, sums) = (samples, outputs, sums.pointer)
    let target = sum.address(leaf: leaf, offset: offsets.bias)
    ThreadPool.forEachRange(of: (outputs + 63) / 64) { range in
      let (first, last) = (range.lowerBound * 64, min(outputs, range.upperBound * 64))
      for j in first..<last { sums[j] = 0 }
      for row in 0..<samples {
        let dy = dy + row * outputs
        for j in first..<last { sums[j] += Double(dy[j]) }
      }
      for j in first..<last { target[j] = Float(sums[j]) }
    }
  }
}
