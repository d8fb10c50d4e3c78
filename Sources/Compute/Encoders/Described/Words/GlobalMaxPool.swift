import Layers

extension LayerSpecification {
  /// The maximum of each channel over all positions: `AdaptiveMaxPool2d(1)` and `Flatten`.
  package struct GlobalMaxPool: GlobalPoolingWord {
    package static let name = "global_max_pool"
    package static let synonyms = ["gmp", "globalmaxpooling", "adaptivemaxpool", "adaptivemaxpoold"]

    package init() {}

    package var layer: any Layer { GlobalMaxPooling() }
  }

  /// The maximum over all positions: `AdaptiveMaxPool2d(1)` and `Flatten`.
  public static let globalMaxPool = LayerSpecification(GlobalMaxPool())
}
