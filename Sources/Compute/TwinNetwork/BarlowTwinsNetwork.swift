import Encoders
import Layers
import Tensors

/// A replica of encoder, projector and loss, planned for this rank's shards of the global batch.
///
/// Parameter names are nidl's: `encoder.…` and `projection_head.…`; arenas are ordered as backward completes gradients.
package final class BarlowTwinsNetwork {
  package let encoder: Encoder
  package let projector: Projector
  package let state: ParameterSet
  package let loss: BarlowTwinsLoss
  /// Called at the end of each phase of `forwardBackward`, for those who take the time.
  package var phaseDidEnd: ((Phase) -> Void)?
  private let network: PlannedNetwork

  /// - Parameter sampleShape: [F], [C, H, W] or [C, D, H, W].
  /// - Parameter samplesPerShard: b = B/S; a shard's tensors hold 2·b samples, view 1's first.
  /// - Parameter lossForm: nil for the cheaper one.
  /// - Parameter element: what activations hold and products compute in; embeddings and the loss are always float32.
  /// - Parameter recompute: keeps only the outputs of residual and dense blocks, and computes what is inside again.
  /// - Parameter kernels: chooses how layers with weights compute; keeps the choices.
  package init(
    encoder: Encoder, projector: Projector, sampleShape: [Int], samplesPerShard: Int, batch: any GlobalBatch,
    lambd: Double, lossForm: BarlowTwinsLoss.Form? = nil, convolution: ConvolutionAlgorithm = .auto,
    element: TensorShape.Element = .float32, recompute: Bool = false, kernels: KernelChooser = KernelChooser()
  ) throws {
    (self.encoder, self.projector) = (encoder, projector)
    let layers = Sequential([encoder.layers, projector.layers])
    state = try ParameterSet(layers)
    let workspace = try Workspace(
      batch: batch, parameters: state.parameters, statistics: state.statistics, isTraining: true,
      convolution: convolution, element: element, largestGroup: state.parameters.layout.largestLayer,
      recompute: recompute, kernels: kernels)
    network = try PlannedNetwork(
      layers, input: try encoder.inputShape(samples: 2 * samplesPerShard, sampleShape), workspace)
    loss = try BarlowTwinsLoss(embeddings: network.output, batch: batch, lambd: lambd, form: lossForm)
  }

  /// A part of `forwardBackward`; together they are all of it.
  package enum Phase: Sendable { case forward, loss, backward }

  /// One buffer a local shard for 2·b samples in C order; to be filled before each step.
  package var inputs: [AlignedBuffer<Float>] { network.input.values }

  /// z of the local shards: after `forwardBackward` view 1's rows and then view 2's.
  package var embeddings: Activation { network.output }

  /// The layers of encoder and projector, blocks of several as one.
  package var descriptions: [LayerDescription] { network.descriptions }

  /// Whether each layer is timed in the passes that follow; see `LayerTimes`.
  package var isTimed: Bool {
    get { network.isTimed }
    set { network.isTimed = newValue }
  }

  /// Of the last passes, one for each of `descriptions`; empty unless they were timed.
  package var layerTimes: [LayerTimes] { network.layerTimes }

  /// What activations hold between input and embeddings.
  package var element: TensorShape.Element { network.workspace.element }

  /// Remarks of planning, such as a slow kernel.
  package var remarks: [String] { network.workspace.remarks }

  /// The loss of the global batch in evaluation mode: running statistics, which stay as they are, in place of the
  /// batch's, and no gradient. A collective.
  package func evaluate() throws -> LossValue {
    network.workspace.isEvaluating = true
    defer { network.workspace.isEvaluating = false }
    try network.forward()
    return try loss.forward()
  }

  /// The loss of the global batch, and this rank's part of its gradient in `state.parameters.gradients`. A collective.
  ///
  /// - Parameter randomness: needed where layers draw random numbers, such as dropout; each step has its own numbers.
  package func forwardBackward(_ randomness: StepRandomness? = nil) throws -> LossValue {
    network.workspace.randomness = randomness
    try network.forward()
    phaseDidEnd?(.forward)
    let value = try loss.forwardBackward()
    phaseDidEnd?(.loss)
    try network.backward()
    phaseDidEnd?(.backward)
    return value
  }
}
