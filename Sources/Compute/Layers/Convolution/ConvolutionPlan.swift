/// Makes the passes of one layer, each by the method that suits it.
struct ConvolutionPlan: PassPlan {
  let layer: WeightedLayer
  let geometry: ConvolutionGeometry

  private var input: TensorShape { layer.input.shape }
  private var output: TensorShape { layer.output.shape }

  /// The methods that can compute a direction, as far as `ConvolutionAlgorithm` leaves a choice.
  private func possible(_ candidates: [ConvolutionMethod]) -> [ConvolutionMethod] {
    guard layer.workspace.convolution == .auto, output.element == .float32 else { return candidates }
    return ConvolutionMethod.allCases.filter { method in
      switch method {
      case .direct: true
      case .winograd: geometry.allowsWinograd(.winograd)
      case .matrixProduct: geometry.allowsMatrixProduct
      case .planes: geometry.allowsPlanes(input)
      }
    }
  }

  /// The methods that may be the fastest for a direction; the one that is taken without measuring comes first.
  func candidates(_ direction: KernelDirection) throws -> [ConvolutionMethod] {
    // In bf16 only oneDNN.
    guard output.element == .float32 else { return [.direct] }
    let algorithm = layer.workspace.convolution
    let hasProducts = geometry.allowsMatrixProduct
    let hasPlanes = geometry.allowsPlanes(input)
    var usual: ConvolutionMethod = geometry.allowsWinograd(algorithm) ? .winograd : .direct
    if hasProducts, direction == .weightGradient,
      try !LayerKernel.isFast(direction, geometry, of: layer)
    {
      usual = .matrixProduct
    }
    guard algorithm == .auto else { return [usual] }
    if hasPlanes, paysInPlanes { usual = .planes }
    var others: [ConvolutionMethod] = [.direct]
    if geometry.allowsWinograd(.winograd) { others.append(.winograd) }
    // Elsewhere the windows are many times the input.
    if hasProducts, geometry.isPointwise || output.plane <= 64 { others.append(.matrixProduct) }
    if hasPlanes, input.channels >= 16, output.channels >= 16 { others.append(.planes) }
    return [usual] + others.filter { $0 != usual }
  }

  /// Where planes are known to be faster: with so many tiles that transforming the weight costs little, on planes that
  /// tiles fill. Volumes took 0.4 to 0.65 of the direct kernels' time with AVX-512 and 0.2 to 0.45 with AVX2; images
  /// 0.4 to 0.7 with AVX2, where oneDNN has no Winograd.
  private var paysInPlanes: Bool {
    let spatial = output.spatial
    guard spatial.count == 3 || output.layout == .blocked(width: 8) else { return false }
    let depth = spatial.count == 3 ? spatial[0] : 1
    let tiles = spatial.suffix(2).reduce(1) { $0 * (($1 + 3) / 4) }
    let use = Double(spatial.suffix(2).reduce(1, *)) / Double(16 * tiles)
    let (fewer, more) = (
      min(input.channels, output.channels), max(input.channels, output.channels)
    )
    return use >= 0.6 && fewer >= 64 && input.samples * depth * tiles >= 2 * more
  }

  /// The method of one direction, and the geometry that asks oneDNN for it.
  private func choose(_ direction: KernelDirection) throws -> (method: ConvolutionMethod, ConvolutionGeometry) {
    var geometry = geometry
    let candidates = try candidates(direction)
    let method = try layer.choose(direction, among: candidates, possible: possible(candidates))
    geometry.method = method
    return (method, geometry)
  }

  func forward() throws -> any KernelPass {
    let (method, geometry) = try choose(.forward)
    return switch method {
    case .matrixProduct: try MatrixProductForward(layer, geometry)
    case .planes: try PlanesPass(.forward, layer, geometry)
    case .direct, .winograd: try PrimitiveForward(layer, LayerKernel(.forward, geometry, of: layer))
    }
  }

  func dataGradient(after forward: any KernelPass) throws -> any KernelPass {
    let (method, geometry) = try choose(.dataGradient)
    switch method {
    case .matrixProduct: return try MatrixProductDataGradient(layer, geometry)
    case .planes: return try PlanesPass(.dataGradient, layer, geometry)
    case .direct, .winograd:
      let forward = forward as? PrimitiveForward
      let kernel = try LayerKernel(.dataGradient, geometry, of: layer, forward: forward?.kernel)
      return try PrimitiveDataGradient(layer, kernel, forward: forward)
    }
  }

  func weightGradient(after forward: any KernelPass) throws -> any WeightGradientPass {
    let (method, geometry) = try choose(.weightGradient)
    switch method {
    case .matrixProduct: return try MatrixProductWeightGradient(layer, geometry)
    case .planes: return try PlanesWeightGradient(layer, geometry)
    case .direct, .winograd:
      let forward = forward as? PrimitiveForward
      let kernel = try LayerKernel(.weightGradient, geometry, of: layer, forward: forward?.kernel)
      return try PrimitiveWeightGradient(layer, kernel, sumsBias: false)
    }
  }
}
