import Tensors

/// y = w ∗ x + b as products of the input's windows with the weight as PyTorch stores it.
final class MatrixProductForward: KernelPass {
  private let (input, output): (Activation, Activation)
  private let scratch: MatrixProductScratch
  private let weight: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>?

  init(_ layer: WeightedLayer, _ geometry: ConvolutionGeometry) throws {
    (input, output) = (layer.input, layer.output)
    scratch = try MatrixProductScratch(geometry, layer)
    weight = try layer.weight
    bias = try layer.bias
  }

  func run() {
    let (windows, results) = (scratch.windows, scratch.results)
    for leaf in input.values.indices {
      for rows in scratch.parts {
        windows.gather(input.values[leaf].pointer, rows: rows, to: scratch.windowRows.pointer)
        MatrixProduct.multiply(
          m: rows.count, n: results.length, k: windows.length, a: scratch.windowRows.pointer, strideA: windows.length,
          b: weight, transposeB: true, strideB: windows.length, c: scratch.resultRows.pointer, strideC: results.length)
        results.store(scratch.resultRows.pointer, rows: rows, bias: bias, to: output.values[leaf].pointer)
      }
    }
  }
}

/// ∂L/∂x = wᵀ ∗ ∂L/∂y: the gradients of all windows as matrix products, added up where windows overlap.
final class MatrixProductDataGradient: KernelPass {
  private let (input, output): (Activation, Activation)
  private let scratch: MatrixProductScratch
  private let weight: UnsafePointer<Float>

  init(_ layer: WeightedLayer, _ geometry: ConvolutionGeometry) throws {
    (input, output) = (layer.input, layer.output)
    scratch = try MatrixProductScratch(geometry, layer)
    weight = try layer.weight
  }

  func run() {
    let (windows, results) = (scratch.windows, scratch.results)
    for (dx, dy) in zip(input.gradients, output.gradients) {
      dx.zero()
      for rows in scratch.parts {
        results.gather(dy.pointer, rows: rows, to: scratch.resultRows.pointer)
        MatrixProduct.multiply(
          m: rows.count, n: windows.length, k: results.length, a: scratch.resultRows.pointer, strideA: results.length,
          b: weight, strideB: windows.length, c: scratch.windowRows.pointer, strideC: windows.length)
        windows.add(scratch.windowRows.pointer, rows: rows, to: dx.pointer)
      }
    }
  }
}

/// ∂L/∂w = Σ ∂L/∂y ⊗ window over all positions, written in PyTorch's order, and ∂L/∂b.
///
/// Positions are summed in a fixed order, that of OpenBLAS's sgemm; another number of threads may give other bits.
final class MatrixProductWeightGradient: WeightGradientPass {
  let gradient: WeightGradient
  private let scratch: MatrixProductScratch

  init(_ layer: WeightedLayer, _ geometry: ConvolutionGeometry) throws {
    gradient = try WeightGradient(layer)
    scratch = try MatrixProductScratch(geometry, layer)
  }

  func computeWeight(_ leaf: Int) {
    let (windows, results) = (scratch.windows, scratch.results)
    let (x, dy) = (gradient.inputs[leaf].pointer, gradient.output.gradients[leaf].pointer)
    for rows in scratch.parts {
      windows.gather(x, rows: rows, to: scratch.windowRows.pointer)
      results.gather(dy, rows: rows, to: scratch.resultRows.pointer)
      MatrixProduct.multiply(
        m: results.length, n: windows.length, k: rows.count, a: scratch.resultRows.pointer, transposeA: true,
        strideA: results.length, b: scratch.windowRows.pointer, strideB: windows.length,
        beta: rows.lowerBound == 0 ? 0 : 1, c: gradient.target(leaf), strideC: windows.length)
    }
  }
}
