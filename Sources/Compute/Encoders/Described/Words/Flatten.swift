import Layers

extension LayerSpecification {
  /// Turns images into rows, in C order; rows stay as they are: `Flatten`.
  package struct Flatten: BareLayerWord {
    package static let name = "flatten"
    package static let synonyms = ["reshape", "view"]

    package init() {}

    package func build(_ builder: inout LayerBuilder) {
      let shape = builder.shape
      if shape.spatial.isEmpty { return }
      builder.append(Layers.Flatten())
      builder.shape = TensorShape(samples: 1, channels: shape.channels * shape.plane)
    }
  }

  /// `Flatten`; as the first layer it takes samples of any shape.
  public static let flatten = LayerSpecification(Flatten())
}
