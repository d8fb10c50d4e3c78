/// Makes the passes of one layer with weights, each by the method that suits it.
protocol PassPlan {
  var layer: WeightedLayer { get }
  func forward() throws -> any KernelPass
  func dataGradient(after forward: any KernelPass) throws -> any KernelPass
  func weightGradient(after forward: any KernelPass) throws -> any WeightGradientPass
}

/// The planned passes of a layer with weights.
final class LayerPasses {
  private let forward: any KernelPass
  private var dataGradient: (any KernelPass)?
  private var weightGradient: (any WeightGradientPass)?

  init(_ plan: some PassPlan) throws { forward = try plan.forward() }

  func planBackward(_ plan: some PassPlan, needsInputGradient: Bool) throws {
    let (layer, workspace) = (plan.layer, plan.layer.workspace)
    if needsInputGradient {
      layer.input.gradients = try workspace.gradientBuffers(layer.input.shape)
      dataGradient = try plan.dataGradient(after: forward)
    }
    // Planned after the data gradient, as it runs: its working memory must not lie in the data gradient.
    weightGradient = try plan.weightGradient(after: forward)
    workspace.release(layer.output)
  }

  /// Does nothing where a direction is not planned.
  func run(_ direction: KernelDirection) throws {
    switch direction {
    case .forward: try forward.run()
    case .dataGradient: try dataGradient?.run()
    case .weightGradient: try weightGradient?.run()
    }
  }

  /// Computes the weight gradient, which is then complete for this rank's shards.
  func runWeightGradient(_ workspace: Workspace) throws {
    guard let weightGradient else { return }
    try weightGradient.run()
    try workspace.completed(weightGradient.gradient.sum)
  }
}
