import Layers

extension LayerSpecification {
  /// max(0, x): `ReLU`.
  package struct ReLU: BareLayerWord {
    package static let name = "relu"
    package static let synonyms = ["activation", "rectify"]

    package init() {}

    package func build(_ builder: inout LayerBuilder) {
      builder.blockChannels()
      builder.append(Layers.ReLU())
    }
  }

  /// max(0, x).
  public static let relu = LayerSpecification(ReLU())
}
