import Layers

extension LayerSpecification {
  /// The mean of each channel over all positions: `AdaptiveAvgPool2d(1)` and `Flatten`.
  package struct GlobalAveragePool: GlobalPoolingWord {
    package static let name = "global_average_pool"
    package static let synonyms = ["gap", "globalavgpool", "globalpool", "globalaveragepooling", "meanpooling"]

    package init() {}

    package var layer: any Layer { GlobalAveragePooling() }
  }

  /// The mean over all positions: `AdaptiveAvgPool2d(1)` and `Flatten`.
  public static let globalAveragePool = LayerSpecification(GlobalAveragePool())
}
