/// Makes the passes of a linear layer.
struct LinearPlan: PassPlan {
  let layer: WeightedLayer

  /// In bf16 always oneDNN's inner product.
  private func choose(_ direction: KernelDirection) throws -> LinearMethod {
    try layer.choose(direction, among: layer.workspace.element == .float32 ? LinearMethod.allCases : [.innerProduct])
  }

  private var products: InnerProduct { InnerProduct(layer: layer) }

  func forward() throws -> any KernelPass {
    let method = try choose(.forward)
    guard method != .matrixProduct else { return try LinearForward(layer) }
    return try PrimitiveForward(layer, products.kernel(.forward, method))
  }

  func dataGradient(after forward: any KernelPass) throws -> any KernelPass {
    let method = try choose(.dataGradient)
    guard method != .matrixProduct else { return try LinearDataGradient(layer) }
    let forward = forward as? PrimitiveForward
    let kernel = try products.kernel(.dataGradient, method, forward: forward?.kernel)
    return try PrimitiveDataGradient(layer, kernel, forward: forward)
  }

  func weightGradient(after forward: any KernelPass) throws -> any WeightGradientPass {
    let method = try choose(.weightGradient)
    guard method != .matrixProduct else { return try LinearWeightGradient(layer) }
    let kernel = try products.kernel(.weightGradient, method, forward: (forward as? PrimitiveForward)?.kernel)
    return try PrimitiveWeightGradient(layer, kernel, sumsBias: true)
  }
}
