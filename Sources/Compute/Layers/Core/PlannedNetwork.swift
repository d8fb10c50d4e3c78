/// Layers planned for one input shape: buffers and kernels are made here, so that a pass allocates nothing.
package final class PlannedNetwork {
  /// One tensor per local shard, in float32; the caller fills `values` before `forward`.
  package let input: Activation
  /// In float32. `gradients` exist in training: the caller fills them before `backward`.
  package let output: Activation
  package let workspace: Workspace
  private let layers: Sequential
  /// Makes the output float32 where the layers leave bf16.
  private let ending = Cast(to: .float32)

  /// - Parameter input: the shape of one shard's samples (in training both views').
  /// - Throws: a usage failure when the samples do not fit the layers.
  package init(_ layers: Sequential, input shape: TensorShape, _ workspace: Workspace) throws {
    (self.layers, self.workspace) = (layers, workspace)
    input = try workspace.activation(shape)
    output = try ending.planForward(layers.planForward(input, workspace), workspace)
    output.outliveStep()
    if workspace.isTraining {
      output.gradients = try workspace.gradientBuffers(output.shape)
      try ending.planBackward(workspace)
      try layers.planBackward(workspace)
    }
  }

  /// The layers; a block of several counts as one.
  package var descriptions: [LayerDescription] { layers.descriptions }

  /// Whether the passes take the time of each layer.
  package var isTimed: Bool {
    get { layers.isTimed }
    set { layers.isTimed = newValue }
  }

  /// One for each of `descriptions`; empty unless the passes were timed.
  package var layerTimes: [LayerTimes] { layers.times }

  package func forward() throws {
    try layers.forward()
    ending.forward()
  }

  /// Parameter gradients of this rank's shards from the output's gradients; the global batch is told as they are done.
  package func backward() throws {
    try ending.backward()
    try layers.backward()
    try workspace.runPostponed()
  }
}
