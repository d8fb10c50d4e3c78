import Configuration
import Diagnostics
import Encoders

extension Encoder {
  /// The encoder that a configuration describes, for samples of this shape.
  ///
  /// - Throws: a usage failure when parameters do not go together or with the samples.
  public init(_ configuration: TrainingConfiguration, sampleShape: [Int]) throws {
    let channels = sampleShape[0]
    try configuration.checkChannels(channels)
    switch configuration.encoder {
    case .mlp: self = configuration.mlp(inputs: sampleShape.reduce(1, *)).encoder
    case .resnet18: self = try configuration.image(.resnet18(channels: channels)).encoder()
    case .resnet34: self = try configuration.image(.resnet34(channels: channels)).encoder()
    case .resnet50: self = try configuration.image(.resnet50(channels: channels)).encoder()
    case .resnet3d18, .resnet3d18Truncated:
      self = try configuration.volume(.resnet3D18(channels: channels)).encoder()
    case .resnet3d50, .resnet3d50Truncated:
      self = try configuration.volume(.resnet3D50(channels: channels)).encoder()
    case .densenet3d121: self = configuration.denseNet(.densenet121(channels: channels)).encoder
    case .alexnet3d: self = .alexNet3D(channels: channels, embedding: configuration.nEmbedding ?? 128)
    case .layers: self = try .described(configuration.layers ?? [], sampleShape: sampleShape)
    case .custom:
      throw Failure(
        .usage, "the encoder is one of a program's own, which bt-dist does not have", at: "--encoder",
        expected: "a program that gives it to the library's BarlowTwins, as Sources/Examples does",
        found: "--encoder custom", remedy: "use that program, or choose another --encoder")
    }
    if let given = configuration.projInputDim, given != features {
      throw Failure(
        .usage, "the projector's input is not the encoder's output", at: "--proj-input-dim",
        expected: "\(features), the features of \(name)", found: "\(given)", remedy: "leave --proj-input-dim out")
    }
  }
}

/// Values of the encoder's options put into its description; keywords were validated, absent ones keep the defaults of
/// torchvision and nidl.
extension TrainingConfiguration {
  fileprivate func mlp(inputs: Int) -> MLP {
    var mlp = MLP(inputs: inputs, hidden: mlpHidden)
    mlp.isNormalised = encoderKwargs["norm_layer"] != nil
    if case .number(let probability)? = encoderKwargs["dropout"] { mlp.dropout = probability }
    mlp.hasBias = flag("bias") ?? true
    return mlp
  }

  fileprivate func image(_ network: ResNet) -> ResNet {
    var network = residual(network)
    network.stem = stem == .small ? .small : .imagenet
    return network
  }

  fileprivate func volume(_ network: ResNet) -> ResNet {
    var network = residual(network)
    network.embedding = nEmbedding ?? network.embedding
    network.stem = .volume(kernel: integer("initial_kernel_size") ?? 7)
    if encoder.isTruncated { network.depth = integer("depth") }
    return network
  }

  private func residual(_ network: ResNet) -> ResNet {
    var network = network
    network.width = width
    network.zeroInitResidual = flag("zero_init_residual") ?? false
    network.groups = integer("groups") ?? 1
    network.widthPerGroup = integer("width_per_group") ?? 64
    if case .flags(let stages)? = encoderKwargs["replace_stride_with_dilation"] {
      network.replaceStrideWithDilation = stages
    }
    return network
  }

  fileprivate func denseNet(_ network: DenseNet3D) -> DenseNet3D {
    var network = network
    network.growthRate = integer("growth_rate") ?? network.growthRate
    network.blocks = encoderKwargs["block_config"]?.integers ?? network.blocks
    network.initialFeatures = integer("num_init_features") ?? network.initialFeatures
    network.bottleneckFactor = integer("bn_size") ?? network.bottleneckFactor
    network.embedding = nEmbedding ?? network.embedding
    return network
  }

  /// nidl's `in_channels` need not be given: the data says it.
  fileprivate func checkChannels(_ channels: Int) throws {
    guard let given = integer("in_channels"), given != channels else { return }
    throw Failure(
      .usage, "in_channels is not the data's number of channels", at: "--encoder-kwargs", expected: "\(channels)",
      found: "\(given)", remedy: "leave in_channels out")
  }

  private func integer(_ keyword: String) -> Int? { encoderKwargs[keyword]?.integer }

  private func flag(_ keyword: String) -> Bool? {
    if case .flag(let value)? = encoderKwargs[keyword] { value } else { nil }
  }
}
