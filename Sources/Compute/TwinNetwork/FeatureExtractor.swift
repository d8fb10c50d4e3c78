import Encoders
import Layers
import Tensors

/// The encoder in evaluation mode: running statistics, no projector, blocks of samples of one fixed size.
///
/// A sample's features depend on its place in the block only by rounding; give it the same place everywhere, and the
/// bits are the same.
package final class FeatureExtractor {
  /// Samples of a block.
  package let block: Int
  package let features: Int
  package let state: ParameterSet
  private let network: PlannedNetwork

  /// - Parameter kernels: the choices of a training, taken where they are possible here.
  package init(
    encoder: Encoder, sampleShape: [Int], block: Int = 64, convolution: ConvolutionAlgorithm = .auto,
    kernels: KernelTable = KernelTable()
  ) throws {
    (self.block, features) = (block, encoder.features)
    state = try ParameterSet(encoder.layers)
    let workspace = try Workspace(
      batch: LocalBatch(), parameters: state.parameters, statistics: state.statistics, isTraining: false,
      convolution: convolution, largestGroup: 0, kernels: KernelChooser(kernels))
    network = try PlannedNetwork(
      encoder.layers, input: try encoder.inputShape(samples: block, sampleShape), workspace)
  }

  /// Room for `block` samples in C order.
  package var input: AlignedBuffer<Float> { network.input.values[0] }
  /// `block` × `features`, after `run`.
  package var output: AlignedBuffer<Float> { network.output.values[0] }

  package func run() throws { try network.forward() }
}
