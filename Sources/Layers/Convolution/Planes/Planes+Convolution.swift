import Tensors

extension ConvolutionGeometry {
  /// Whether Winograd's F(4×4, 3×3) can compute the planes: strides of 1, a kernel of 3×3 positions beside each other in
  /// height and width, any in depth, one group, and an input in channel blocks.
  func allowsPlanes(_ input: TensorShape) -> Bool {
    allowsMatrixProduct && input.layout != .plain && windows.kernel.suffix(2) == [3, 3]
      && windows.stride.allSatisfy { $0 == 1 } && windows.dilation.suffix(2) == [1, 1]
  }
}

/// y = w ∗ x + b, plane by plane as 2-D convolutions by Winograd's F(4×4, 3×3), one for each depth of the kernel; they
/// are added up before they are transformed back.
final class PlanesForward: ConvolutionPass {
  private let (input, output): (Activation, Activation)
  private let products: PlaneProducts
  private let weight: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>?

  /// - Parameter parameters: the weight and, where there is one, the bias.
  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, parameters: [ParameterSpec],
    _ workspace: Workspace
  ) throws {
    (self.input, self.output) = (input, output)
    products = PlaneProducts(
      ConvolutionWindows(geometry, input: input.shape.spatial), input: input.shape, output: output.shape,
      weight: geometry.weightShape, isTransposed: false, workspace)
    weight = UnsafePointer(try workspace.parameters.pointer(of: parameters[0].name))
    bias = try parameters.dropFirst().first.map { UnsafePointer(try workspace.parameters.pointer(of: $0.name)) }
  }

  func run() {
    products.weights.transform(weight, isFlipped: false, to: products.weightTiles.pointer)
    for (x, y) in zip(input.values, output.values) {
      for samples in products.parts {
        products.input.transformInput(x.pointer, samples: samples, to: products.inputTiles.pointer)
        products.multiply(samples: samples.count)
        products.output.transformOutput(products.outputTiles.pointer, samples: samples, bias: bias, to: y.pointer)
      }
    }
  }
}

/// ∂L/∂x = wᵀ ∗ ∂L/∂y in the same way, with the kernel turned around.
final class PlanesDataGradient: ConvolutionPass {
  private let (input, output): (Activation, Activation)
  private let products: PlaneProducts
  private let weight: UnsafePointer<Float>

  init(
    _ geometry: ConvolutionGeometry, input: Activation, output: Activation, parameters: [ParameterSpec],
    _ workspace: Workspace
  ) throws {
    (self.input, self.output) = (input, output)
    products = PlaneProducts(
      ConvolutionWindows(geometry, input: input.shape.spatial).transposed, input: output.shape, output: input.shape,
      weight: geometry.weightShape, isTransposed: true, workspace)
    weight = UnsafePointer(try workspace.parameters.pointer(of: parameters[0].name))
  }

  func run() {
    products.weights.transform(weight, isFlipped: true, to: products.weightTiles.pointer)
    for (dx, dy) in zip(input.gradients, output.gradients) {
      for samples in products.parts {
        products.input.transformInput(dy.pointer, samples: samples, to: products.inputTiles.pointer)
        products.multiply(samples: samples.count)
        products.output.transformOutput(products.outputTiles.pointer, samples: samples, bias: nil, to: dx.pointer)
      }
    }
  }
}

/// ∂L/∂w by the adjoint of `PlanesForward`, written in PyTorch's order, and ∂L/∂b. Tiles are summed in a fixed order.
final class PlanesWeightGradient: ConvolutionWeightPass {
  let sum: GradientSum
  let input: Activation
  private let output: Activation
  /// Where the input's values are in backward.
  private let inputs: [AlignedBuffer<Float>]
  private let products: PlaneProducts
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
    products = PlaneProducts(
      ConvolutionWindows(geometry, input: input.shape.spatial), input: input.shape, output: output.shape,
      weight: geometry.weightShape, isTransposed: false, workspace)
  }

  func computeWeight(_ leaf: Int) {
    let (x, dy) = (inputs[leaf].pointer, output.gradients[leaf].pointer)
    for samples in products.parts {
      products.input.transformInput(x, samples: samples, to: products.inputTiles.pointer)
      products.output.transformOutputGradient(dy, samples: samples, to: products.outputTiles.pointer)
      products.multiplyForWeight(samples: samples.count, isFirst: samples.lowerBound == 0)
    }
    products.weights.transformGradient(
      products.weightTiles.pointer, to: sum.address(leaf: leaf, offset: sum.group.offset))
  }
}
