import Tensors

/// A linear layer's sizes: samples × inputs to samples × outputs.
private struct LinearSizes {
  let samples: Int
  let inputs: Int
  let outputs: Int

  init(_ layer: WeightedLayer) {
    samples = layer.input.shape.samples
    inputs = layer.parameters[0].shape[1]
    outputs = layer.parameters[0].shape[0]
  }
}

/// y = x·wᵀ + b as a matrix product on the arena's own memory, a shard at a time.
final class LinearForward: KernelPass {
  private let (input, output): (Activation, Activation)
  private let sizes: LinearSizes
  private let weight: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>?

  init(_ layer: WeightedLayer) throws {
    (input, output) = (layer.input, layer.output)
    sizes = LinearSizes(layer)
    weight = try layer.weight
    bias = try layer.bias
  }

  func run() {
    let (samples, inputs, outputs) = (sizes.samples, sizes.inputs, sizes.outputs)
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
}

/// ∂L/∂x = ∂L/∂y·w in the same way.
final class LinearDataGradient: KernelPass {
  private let (input, output): (Activation, Activation)
  private let sizes: LinearSizes
  private let weight: UnsafePointer<Float>

  init(_ layer: WeightedLayer) throws {
    (input, output) = (layer.input, layer.output)
    sizes = LinearSizes(layer)
    weight = try layer.weight
  }

  func run() {
    let (inputs, outputs) = (sizes.inputs, sizes.outputs)
    for (dx, dy) in zip(input.gradients, output.gradients) {
      MatrixProduct.multiply(
        m: sizes.samples, n: inputs, k: outputs, a: dy.pointer, strideA: outputs, b: weight, strideB: inputs,
        c: dx.pointer, strideC: inputs)
    }
  }
}

/// ∂L/∂w = (∂L/∂y)ᵀ·x, and ∂L/∂b.
final class LinearWeightGradient: WeightGradientPass {
  let gradient: WeightGradient
  private let sizes: LinearSizes

  init(_ layer: WeightedLayer) throws {
    gradient = try WeightGradient(layer)
    sizes = LinearSizes(layer)
  }

  func computeWeight(_ leaf: Int) {
    let (inputs, outputs) = (sizes.inputs, sizes.outputs)
    MatrixProduct.multiply(
      m: outputs, n: inputs, k: sizes.samples, a: gradient.output.gradients[leaf].pointer, transposeA: true,
      strideA: outputs, b: gradient.inputs[leaf].pointer, strideB: inputs, c: gradient.target(leaf), strideC: inputs)
  }
}
