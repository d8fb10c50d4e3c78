/// Makes the passes of one layer, each by the method that suits it.
struct ConvolutionPlan {
  let geometry: ConvolutionGeometry
  let input: Activation
  let output: Activation
  /// The weight and, where there is one, the bias.
  let parameters: [ParameterSpec]
  let workspace: Workspace

  /// Without measurements: oneDNN's kernels, and for the weight gradient matrix products where it has none that is made
  /// for the shape.
  private func method(_ direction: ConvolutionGeometry.Direction) throws -> ConvolutionMethod {
    guard geometry.allowsMatrixProduct else { return .direct }
    if workspace.convolution == .matrixProduct { return .matrixProduct }
    guard direction == .weightGradient else { return .direct }
    let isFast = try ConvolutionKernel.isFast(
      direction, geometry, input: input.shape, output: output.shape, workspace)
    return isFast ? .direct : .matrixProduct
  }

  func forward() throws -> any ConvolutionPass {
    switch try method(.forward) {
    case .matrixProduct:
      try MatrixProductForward(geometry, input: input, output: output, parameters: parameters, workspace)
    default: try ConvolutionForward(geometry, input: input, output: output, parameters: parameters, workspace)
    }
  }

  func dataGradient(after forward: any ConvolutionPass) throws -> any ConvolutionPass {
    switch try method(.dataGradient) {
    case .matrixProduct:
      try MatrixProductDataGradient(geometry, input: input, output: output, parameters: parameters, workspace)
    default:
      try ConvolutionDataGradient(
        geometry, input: input, output: output, weight: parameters[0], forward: forward as? ConvolutionForward,
        workspace)
    }
  }

  func weightGradient(after forward: any ConvolutionPass) throws -> any ConvolutionWeightPass {
    switch try method(.weightGradient) {
    case .matrixProduct:
      try MatrixProductWeightGradient(geometry, input: input, output: output, parameters: parameters, workspace)
    default:
      try ConvolutionWeightGradient(
        geometry, input: input, output: output, parameters: parameters, forward: forward as? ConvolutionForward,
        workspace)
    }
  }
}
