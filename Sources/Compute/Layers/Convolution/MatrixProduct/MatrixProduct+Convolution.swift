import Tensors

/// y = w ∗ x + b as products of the input's windows with the weight as PyTorch stores it.
final class MatrixProductForward: ConvolutionPass {
  private let (input, output): (Activation, Activation)
  private let scratch: MatrixProductScratch
  private let weight: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>?

  /// - Parameter parameters: the weight and, where there is one, the bias.
  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, parameters: [ParameterSpec],
    _ workspace: Workspace
  ) throws {
    (self.input, self.output) = (input, output)
    scratch = MatrixProductScratch(geometry, input: input.shape, output: output.shape, workspace)
    weight = UnsafePointer(try workspace.parameters.pointer(of: parameters[0].name))
    bias = try parameters.dropFirst().first.map { UnsafePointer(try workspace.parameters.pointer(of: $0.name)) }
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
final class MatrixProductDataGradient: ConvolutionPass {
  private let (input, output): (Activation, Activation)
  private let scratch: MatrixProductScratch
  private let weight: UnsafePointer<Float>

  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, parameters: [ParameterSpec],
    _ workspace: Workspace
  ) throws {
    (self.input, self.output) = (input, output)
    scratch = MatrixProductScratch(geometry, input: input.shape, output: output.shape, workspace)
    weight = UnsafePointer(try workspace.parameters.pointer(of: parameters[0].name))
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
final class MatrixProductWeightGradient: ConvolutionWeightPass {
  let sum: GradientSum
  let input: Activation
  private let output: Activation
  /// Where the input's values are in backward.
  private let inputs: [AlignedBuffer<Float>]
  private let scratch: MatrixProductScratch
  let bias: BiasGradient?

  /// - Parameter parameters: the weight and, where there is one, the bias.
  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, parameters: [ParameterSpec],
    _ workspace: Workspace
  ) throws {
    (self.input, self.output) = (input, output)
    let sum = try workspace.gradientSum(of: parameters)
    self.sum = sum
    inputs = input.planRebuilding(workspace)
    bias = try parameters.dropFirst().first.map { try BiasGradient($0, of: output, sum, workspace) }
    scratch = MatrixProductScratch(geometry, input: input.shape, output: output.shape, workspace)
  }

  func computeWeight(_ leaf: Int) {
    let (windows, results) = (scratch.windows, scratch.results)
    for rows in scratch.parts {
      windows.gather(inputs[leaf].pointer, rows: rows, to: scratch.windowRows.pointer)
      results.gather(output.gradients[leaf].pointer, rows: rows, to: scratch.resultRows.pointer)
      MatrixProduct.multiply(
        m: results.length, n: windows.length, k: rows.count, a: scratch.resultRows.pointer, transposeA: true,
        strideA: results.length, b: scratch.windowRows.pointer, strideB: windows.length,
        beta: rows.lowerBound == 0 ? 0 : 1, c: sum.address(leaf: leaf, offset: sum.group.offset),
        strideC: windows.length)
    }
  }
}
