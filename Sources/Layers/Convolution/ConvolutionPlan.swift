/// Makes the passes of one layer, each by the method that suits it.
struct ConvolutionPlan {
  let layer: any TunableLayer
  let geometry: ConvolutionGeometry
  let input: Activation
  let output: Activation
  /// The weight and, where there is one, the bias.
  let parameters: [ParameterSpec]
  let workspace: Workspace

  /// The methods that may compute a direction; the one that is taken without measuring comes first.
  func candidates(_ direction: ConvolutionGeometry.Direction) throws -> [ConvolutionMethod] {
    let algorithm = workspace.convolution
    let hasProducts = geometry.allowsMatrixProduct
    if algorithm == .matrixProduct, hasProducts { return [.matrixProduct] }
    var usual: ConvolutionMethod = geometry.allowsWinograd(algorithm) ? .winograd : .direct
    if hasProducts, direction == .weightGradient,
      try !ConvolutionKernel.isFast(direction, geometry, input: input.shape, output: output.shape, workspace)
    {
      usual = .matrixProduct
    }
    guard algorithm == .auto else { return [usual] }
    var others: [ConvolutionMethod] = [.direct]
    if geometry.allowsWinograd(.winograd) { others.append(.winograd) }
    // Elsewhere the windows are many times the input.
    if hasProducts, output.shape.plane <= 64 { others.append(.matrixProduct) }
    return [usual] + others.filter { $0 != usual }
  }

  /// The method of one direction, and the geometry that asks oneDNN for it.
  private func choose(_ direction: KernelDirection) throws -> (method: ConvolutionMethod, ConvolutionGeometry) {
    let part: ConvolutionGeometry.Direction =
      switch direction {
      case .forward: .forward
      case .dataGradient: .dataGradient
      case .weightGradient: .weightGradient
      }
    var geometry = geometry
    let method = try workspace.kernels.choose(
      direction, of: layer, among: candidates(part),
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
    default: try ConvolutionForward(geometry, input: input, output: output, parameters: parameters, workspace)
    }
  }

  func dataGradient(after forward: any ConvolutionPass) throws -> any ConvolutionPass {
    let (method, geometry) = try choose(.dataGradient)
    return switch method {
    case .matrixProduct:
      try MatrixProductDataGradient(geometry, input: input, output: output, parameters: parameters, workspace)
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
    default:
      try ConvolutionWeightGradient(
        geometry, input: input, output: output, parameters: parameters, forward: forward as? ConvolutionForward,
        workspace)
    }
  }
}
