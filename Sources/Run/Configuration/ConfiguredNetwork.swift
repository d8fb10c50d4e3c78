import Diagnostics
import Encoders
import Layers
import Tensors
import TwinNetwork

/// Makes an encoder for samples of shape [F], [C, H, W] or [C, D, H, W]. Each call gives new layers: a layer
/// belongs to one network.
public typealias EncoderMaker = (_ sampleShape: [Int]) throws -> Encoder

/// The one way from a configuration to a network: training, features, evaluation, export and the library take it.
package struct ConfiguredNetwork {
  package let configuration: TrainingConfiguration
  /// [F], [C, H, W] or [C, D, H, W].
  package let sampleShape: [Int]
  private let makeEncoder: EncoderMaker?

  /// - Parameter makeEncoder: nil for the encoder that the configuration names.
  package init(_ configuration: TrainingConfiguration, sampleShape: [Int], encoder makeEncoder: EncoderMaker? = nil) {
    self.configuration = configuration
    self.sampleShape = sampleShape
    self.makeEncoder = makeEncoder
  }

  /// The encoder, with new layers.
  ///
  /// - Throws: a usage failure when parameters do not fit together or do not fit the samples.
  package func encoder() throws -> Encoder {
    if let makeEncoder { return try makeEncoder(sampleShape) }
    try checkChannels()
    let encoder = try configuration.encoder.make(configuration.encoderOptions, sampleShape)
    if let given = configuration.projInputDim, given != encoder.features {
      throw Failure(
        .usage, "the projector's input is not the encoder's output", at: "\(option: "proj-input-dim")",
        expected: "\(encoder.features), the features of \(encoder.name)", found: "\(given)",
        remedy: "leave \(option: "proj-input-dim") out")
    }
    return encoder
  }

  /// Encoder, projector and loss, planned for this rank's shards of the batch.
  ///
  /// - Parameter element: what activations hold: what the configuration asks for, if the ranks' processors allow it.
  /// - Parameter kernels: chooses how layers with weights compute; keeps the choices.
  /// - Throws: also for samples whose first axis does not look like channels (`ChannelOrder`).
  package func network(
    samplesPerShard: Int, batch: any GlobalBatch, element: TensorShape.Element, kernels: KernelChooser
  ) throws -> BarlowTwinsNetwork {
    let encoder = try encoder()
    try configuration.requireChannelsFirst(sampleShape, seenAs: encoder.input, by: encoder.name)
    return try BarlowTwinsNetwork(
      encoder: encoder, projector: projector(of: encoder), sampleShape: sampleShape, samplesPerShard: samplesPerShard,
      batch: batch, lambd: configuration.lambd, lossForm: configuration.lossForm,
      convolution: configuration.convolution, element: element, recompute: configuration.recompute, kernels: kernels)
  }

  /// The encoder in evaluation mode, its parameters at zero.
  ///
  /// - Parameter kernels: those of the training, taken where they are possible here: with them features have the same
  ///   bits everywhere.
  package func featureExtractor(kernels: KernelTable) throws -> FeatureExtractor {
    try FeatureExtractor(
      encoder: encoder(), sampleShape: sampleShape, convolution: configuration.convolution, kernels: kernels)
  }

  /// Parameters and running statistics of encoder and projector, at zero.
  package func parameters() throws -> ParameterSet {
    let encoder = try encoder()
    return try ParameterSet(Sequential([encoder.layers, projector(of: encoder).layers]))
  }

  private func projector(of encoder: Encoder) -> Projector {
    Projector(
      inputs: encoder.features, hidden: configuration.projHiddenDim, outputs: configuration.projOutputDim)
  }

  /// nidl's `in_channels` need not be given: the data says it.
  private func checkChannels() throws {
    guard let given = configuration.encoderKwargs["in_channels"]?.integer, given != sampleShape[0] else { return }
    throw Failure(
      .usage, "in_channels is not the data's number of channels", at: "\(option: "encoder-kwargs")",
      expected: "\(sampleShape[0])", found: "\(given)", remedy: "leave in_channels out")
  }
}

extension TrainingConfiguration {
  /// What the encoder is made of.
  package var encoderOptions: EncoderOptions {
    var options = EncoderOptions()
    options.stem = stem
    options.width = width
    options.mlpHidden = mlpHidden
    options.nEmbedding = nEmbedding
    options.layers = layers ?? []
    options.keywords = encoderKwargs
    return options
  }
}
