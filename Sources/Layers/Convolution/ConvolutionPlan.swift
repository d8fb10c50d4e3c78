/// Makes the passes of one layer, each by the method that suits it.
struct ConvolutionPlan {
  let layer: any TunableLayer
  let geometry: ConvolutionGeometry
  let input: Activation
  let output: Activation
  /// The weight and, where there is one, the bias.
  let parameters: [ParameterSpec]
  let workspace: Workspace

  /// The methods that can compute a direction, as far as `ConvolutionAlgorithm` leaves a choice.
  private func possible(_ candidates: [ConvolutionMethod]) -> [ConvolutionMethod] {
    guard workspace.convolution == .auto, output.shape.element == .float32 else { return candidates }
    return ConvolutionMethod.allCases.filter { method in
      switch method {
      case .direct: true
      case .winograd: geometry.allowsWinograd(.winograd)
      case .matrixProduct: geometry.allowsMatrixProduct
      case .planes: geometry.allowsPlanes(input.shape)
      }
    }
  }

  /// The methods that may be the fastest of a direction; the one that is taken without measuring comes first.
  func candidates(_ direction: KernelDirection) throws -> [ConvolutionMethod] {
    // In bf16 oneDNN alone.
    guard output.shape.element == .float32 else { return [.direct] }
    let algorithm = workspace.convolution
    let hasProducts = geometry.allowsMatrixProduct
    let hasPlanes = geometry.allowsPlanes(input.shape)
    var usual: ConvolutionMethod = geometry.allowsWinograd(algorithm) ? .winograd : .direct
    if hasProducts, direction == .weightGradient,
      try !ConvolutionKernel.isFast(direction, geometry, input: input.shape, output: output.shape, workspace)
    {
      usual = .matrixProduct
    }
    guard algorithm == .auto else { return [usual] }
    if hasPlanes, paysInPlanes { usual = .planes }
    var others: [ConvolutionMethod] = [.direct]
    if geometry.allowsWinograd(.winograd) { others.append(.winograd) }
    // Elsewhere the windows are many times the input.
    if hasProducts, geometry.isPointwise || output.shape.plane <= 64 { others.append(.matrixProduct) }
    if hasPlanes, input.shape.channels >= 16, output.shape.channels >= 16 { others.append(.planes) }
    return [usual] + others.filter { $0 != usual }
  }

  /// Where planes are known to be faster: with so many tiles that transforming the weight costs little, on planes that
  /// tiles fill. Volumes took 0.4 to 0.65 of the direct kernels' time with AVX-512 and 0.2 to 0.45 with AVX2; images
  /// 0.4 to 0.7 with AVX2, where oneDNN has no Winograd.
  private var paysInPlanes: Bool {
    let spatial = output.shape.spatial
    guard spatial.count == 3 || output.shape.layout == .blocked(width: 8) else { return false }
    let depth = spatial.count == 3 ? spatial[0] : 1
    let tiles = spatial.suffix(2).reduce(1) { $0 * (($1 + 3) / 4) }
    let use = Double(spatial.suffix(2).reduce(1, *)) / Double(16 * tiles)
    let (fewer, more) = (
      min(input.shape.channels, output.shape.channels), max(input.shape.channels, output.shape.channels)
    )
    return use >= 0.6 && fewer >= 64 && input.shape.samples * depth * tiles >= 2 * more
  }

  /// The method of one direction, and the geometry that asks oneDNN for it.
  private func choose(_ direction: KernelDirection) throws -> (method: ConvolutionMethod, ConvolutionGeometry) {
    var geometry = geometry
    let candidates = try candidates(direction)
    let method = try workspace.kernels.choose(
      direction, of: layer, among: candidates, possible: possible(candidates),
      multiplyAdds: parameters[0].shape.reduce(input.shape.samples * output.shape.plane, *), input: input.shape,
      workspace)
    geometry.method = method
    return (method, geometry)
  }

  func forward() throws -> any ConvolutionPass {
    let (method, geometry) = try choose(.forward)
    return switch method {
    case .matrixProduct:
      try MatrixProductForward(geometry, input: input, output: output, parameters: parameters, workspace)
    case .planes: try PlanesForward(geometry, input: input, output: output, parameters: parameters, workspace)
    default: try ConvolutionForward(geometry, input: input, output: output, parameters: parameters, workspace)
    }
  }

  func dataGradient(after forward: any ConvolutionPass) throws -> any ConvolutionPass {
    let (method, geometry) = try choose(.dataGradient)
    return switch method {
    case .matrixProduct:
      try MatrixProductDataGradient(geometry, input: input, output: output, parameters: parameters, workspace)
    case .planes: try PlanesDataGradient(geometry, input: input, output: output, parameters: parameters, workspace)
    default:
      try ConvolutionDataGradient(
        geometry, input: input, output: output, weight: parameters[0], forward: forward as? ConvolutionForward,
        workspace)
    }
  }

  func weightGradient(after forward: any ConvolutionPass) throws -> any ConvolutionWeightPass {
    let (method, geometry) = try choose(.weightGradient)
    return switch method {
    case .matrixProduct:
      try MatrixProductWeightGradient(geometry, input: input, output: output, parameters: parameters, workspace)
    case .planes: try PlanesWeightGradient(geometry, input: input, output: output, parameters: parameters, workspace)
    default:
      try ConvolutionWeightGradient(
        geometry, input: input, output: output, parameters: parameters, forward: forward as? ConvolutionForward,
        workspace)
    }
  }
}
