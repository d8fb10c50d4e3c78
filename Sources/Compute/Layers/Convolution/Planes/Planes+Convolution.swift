import Tensors

extension ConvolutionGeometry {
  /// Whether Winograd's F(4×4, 3×3) can compute the planes: strides of 1, a kernel of 3×3 adjacent positions in height
  /// and width, any in depth, one group, and an input in channel blocks.
  func allowsPlanes(_ input: TensorShape) -> Bool {
    allowsMatrixProduct && input.layout != .plain && windows.kernel.suffix(2) == [3, 3]
      && windows.stride.allSatisfy { $0 == 1 } && windows.dilation.suffix(2) == [1, 1]
  }
}

extension PlaneProducts {
  /// - Parameter direction: the weight gradient takes the tiles of the forward pass.
  fileprivate init(_ direction: KernelDirection, _ layer: WeightedLayer, _ geometry: ConvolutionGeometry) throws {
    let (input, output) = (layer.input.shape, layer.output.shape)
    let windows = ConvolutionWindows(geometry, input: input.spatial)
    let isTransposed = direction == .dataGradient
    try self.init(
      isTransposed ? windows.transposed : windows, input: isTransposed ? output : input,
      output: isTransposed ? input : output, weight: geometry.weightShape, isTransposed: isTransposed, layer.workspace)
  }
}

/// y = w ∗ x + b, plane by plane as 2-D convolutions by Winograd's F(4×4, 3×3), one for each depth of the kernel; they
/// are added up before they are transformed back. Or ∂L/∂x = wᵀ ∗ ∂L/∂y in the same way, with the kernel turned around.
final class PlanesPass: KernelPass {
  private let (sources, targets): ([AlignedBuffer<Float>], [AlignedBuffer<Float>])
  private let products: PlaneProducts
  private let weight: UnsafePointer<Float>
  private let bias: UnsafePointer<Float>?

  /// - Parameter direction: forward or the data gradient.
  init(_ direction: KernelDirection, _ layer: WeightedLayer, _ geometry: ConvolutionGeometry) throws {
    let isForward = direction == .forward
    sources = isForward ? layer.input.values : layer.output.gradients
    targets = isForward ? layer.output.values : layer.input.gradients
    products = try PlaneProducts(direction, layer, geometry)
    weight = try layer.weight
    bias = try isForward ? layer.bias : nil
  }

  func run() {
    products.weights.transform(weight, isFlipped: products.isTransposed, to: products.weightTiles.pointer)
    for (source, target) in zip(sources, targets) {
      for samples in products.parts {
        products.input.transformInput(source.pointer, samples: samples, to: products.inputTiles.pointer)
        products.multiply(samples: samples.count)
        products.output.transformOutput(
          products.outputTiles.pointer, samples: samples, bias: bias, to: target.pointer)
      }
    }
  }
}

/// ∂L/∂w by the adjoint of the forward pass, written in PyTorch's order, and ∂L/∂b. Tiles are summed in a fixed order.
final class PlanesWeightGradient: WeightGradientPass {
  let gradient: WeightGradient
  private let products: PlaneProducts

  init(_ layer: WeightedLayer, _ geometry: ConvolutionGeometry) throws {
    gradient = try WeightGradient(layer)
    products = try PlaneProducts(.weightGradient, layer, geometry)
  }

  func computeWeight(_ leaf: Int) {
    let (x, dy) = (gradient.inputs[leaf].pointer, gradient.output.gradients[leaf].pointer)
    for samples in products.parts {
      products.input.transformInput(x, samples: samples, to: products.inputTiles.pointer)
      products.output.transformOutputGradient(dy, samples: samples, to: products.outputTiles.pointer)
      products.multiplyForWeight(samples: samples.count, isFirst: samples.lowerBound == 0)
    }
    products.weights.transformGradient(products.weightTiles.pointer, to: gradient.target(leaf))
  }
}
