import Diagnostics
import Layers

extension Encoder {
  /// A network of the described layers, one after another, as PyTorch's `nn.Sequential` of them would be.
  ///
  /// Parameters have the names of its `state_dict` after `encoder.`: `encoder.0.weight`, `encoder.1.running_mean`;
  /// those of a residual's branches `encoder.4.body.0.weight` and `encoder.4.shortcut.0.weight`. Initial values have
  /// PyTorch's distributions: uniform in ±1/√(inputs of an output) for weights and biases.
  ///
  /// - Parameter sampleShape: [F], [C, H, W] or [C, D, H, W].
  /// - Throws: a usage failure that names the layer that does not fit.
  public static func described(_ layers: [LayerSpecification], sampleShape: [Int]) throws(Failure) -> Encoder {
    let list = DescribedLayer.list(layers, name: "encoder", place: "layers")
    guard let first = list.first else {
      throw Failure(.usage, "the encoder has no layers", at: "layers", expected: "at least one", found: "[]")
    }
    var shape = TensorShape(samples: 1, channels: sampleShape[0], spatial: Array(sampleShape.dropFirst()))
    // Images that become rows at once need not be images at all.
    if first.specification == .flatten { shape = TensorShape(samples: 1, channels: sampleShape.reduce(1, *)) }
    let input: Input = shape.spatial.isEmpty ? .rows : shape.spatial.count == 2 ? .images : .volumes
    var builder = LayerBuilder(list, from: shape)
    let built = Sequential(try builder.build())
    guard builder.shape.spatial.isEmpty else {
      throw Failure(
        .usage, "the encoder does not end in features", at: list.last!.place, expected: "one number a feature",
        found: "\(builder.shape), channels and extents", remedy: "add 'global_average_pool' or 'flatten'")
    }
    guard !built.parameters.isEmpty else {
      throw Failure(
        .usage, "the encoder has nothing to train", at: "layers", expected: "a layer with parameters",
        remedy: "add a convolution or linear layer")
    }
    return Encoder(name: "layers", layers: built, features: builder.shape.channels, input: input)
  }
}

extension EncoderKind {
  /// The network that the configuration's `layers` describe.
  public static let layers = EncoderKind("layers", options: ["layers"]) { options, sampleShape in
    try .described(options.layers, sampleShape: sampleShape)
  }
}
