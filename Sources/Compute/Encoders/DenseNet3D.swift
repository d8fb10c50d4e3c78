import CommandLine
import Diagnostics
import Layers

/// A densely connected network for volumes (Huang et al. 2017, https://arxiv.org/abs/1608.06993) as nidl's
/// `densenet121`: in each block every layer takes the features of all layers before it.
public struct DenseNet3D: Sendable {
  /// Of the volumes.
  public var channels: Int
  /// Channels that each layer adds.
  public var growthRate = 32
  /// Layers of each of the four blocks.
  public var blocks = [6, 12, 24, 16]
  /// Channels of the first convolution.
  public var initialFeatures = 64
  /// Channels between a layer's two convolutions, as a multiple of the growth rate.
  public var bottleneckFactor = 4
  public var embedding = 512

  /// nidl's, with its last linear layer.
  public static func densenet121(channels: Int) -> DenseNet3D { DenseNet3D(channels: channels) }

  /// Its layers, for volumes.
  public var encoder: Encoder {
    var layers: [any Layer] = [
      convolution("conv0", channels, initialFeatures, kernel: 7, stride: 2, isFirst: true),
      norm("norm0", initialFeatures),
      MaxPooling(window: 3, stride: 2, padding: 1),
    ]
    var features = initialFeatures
    for (index, count) in blocks.enumerated() {
      let name = "denseblock\(index + 1)"
      layers.append(
        DenseBlock((0..<count).map { body("\(name).denselayer\($0 + 1)", inputs: features + $0 * growthRate) }))
      features += count * growthRate
      if index < blocks.count - 1 {
        layers += transition("transition\(index + 1)", inputs: features)
        features /= 2
      }
    }
    // nidl has no norm after the last block.
    layers += [
      ReLU(), GlobalAveragePooling(),
      Linear(
        "encoder.embedding", inputs: features, outputs: embedding, bias: true, biasInitialization: .constant(0)),
    ]
    return Encoder(name: "densenet3d-121", layers: Sequential(layers), features: embedding, input: .volumes)
  }

  private func body(_ name: String, inputs: Int) -> [any Layer] {
    let inner = bottleneckFactor * growthRate
    return [
      norm(name + ".norm1", inputs), convolution(name + ".conv1", inputs, inner, kernel: 1),
      norm(name + ".norm2", inner), convolution(name + ".conv2", inner, growthRate, kernel: 3),
    ]
  }

  private func transition(_ name: String, inputs: Int) -> [any Layer] {
    [
      norm(name + ".norm", inputs), convolution(name + ".conv", inputs, inputs / 2, kernel: 1),
      AveragePooling(window: 2),
    ]
  }

  /// With ReLU.
  private func norm(_ name: String, _ channels: Int) -> BatchNormalization {
    BatchNormalization("encoder.features.\(name)", channels: channels, rectifies: true)
  }

  private func convolution(
    _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, isFirst: Bool = false
  ) -> Convolution {
    Convolution(
      "encoder.features.\(name)", inputChannels: inputs, outputChannels: outputs, kernel: [kernel, kernel, kernel],
      stride: stride, padding: kernel / 2, initialization: .heNormalFanIn, needsInputGradient: !isFirst)
  }
}

extension EncoderKind {
  public static let densenet3d121 = EncoderKind(
    "densenet3d-121",
    keywords: [
      .integer("growth_rate", 1...NumberLimit.size), .integers("block_config", count: 4, 1...1000),
      .integer("num_init_features", 1...NumberLimit.size), .integer("bn_size", 1...NumberLimit.size),
      .integer("in_channels", 1...NumberLimit.size),
      .flag("memory_efficient"),
    ],
    options: ["n-embedding"], usualShape: { _ in [1, 64, 64, 64] },
    check: { (options, location) throws(Failure) in
      guard options.flag("memory_efficient") == true else { return }
      throw Failure(
        .usage, "densenet3d-121 has no memory-efficient form here", at: location,
        expected: "memory_efficient false", found: "true",
        remedy: "leave it out: activations are kept, as nidl's default does; more ranks hold fewer of them each")
    },
    make: { options, sampleShape in
      var network = DenseNet3D.densenet121(channels: sampleShape[0])
      network.growthRate = options.integer("growth_rate") ?? network.growthRate
      network.blocks = options.keywords["block_config"]?.integers ?? network.blocks
      network.initialFeatures = options.integer("num_init_features") ?? network.initialFeatures
      network.bottleneckFactor = options.integer("bn_size") ?? network.bottleneckFactor
      network.embedding = options.nEmbedding ?? network.embedding
      return network.encoder
    })
}
