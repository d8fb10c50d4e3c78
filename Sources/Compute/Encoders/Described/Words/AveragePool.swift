import Layers

extension LayerSpecification {
  /// The mean of each window, including zeros of the padding: `AvgPool2d`, `AvgPool3d`.
  package struct AveragePool: PoolingWord {
    package static let name = "average_pool"
    package static let synonyms = ["avgpool", "avgpoold", "meanpool", "averagepooling"]

    package let pooling: Pooling

    package init(_ pooling: Pooling) { self.pooling = pooling }

    package func layer(_ windows: Windows) -> any Layer {
      AveragePooling(window: windows.kernel, stride: windows.stride, padding: windows.padding)
    }
  }

  /// `AvgPool2d`, `AvgPool3d`.
  public static func averagePool(_ pooling: Pooling) -> LayerSpecification { LayerSpecification(AveragePool(pooling)) }
}
