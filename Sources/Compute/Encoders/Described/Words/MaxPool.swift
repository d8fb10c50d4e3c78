import Layers

extension LayerSpecification {
  /// The maximum of each window: `MaxPool2d`, `MaxPool3d`.
  package struct MaxPool: PoolingWord {
    package static let name = "max_pool"
    package static let synonyms = ["pool", "maxpool", "maxpoold", "maxpooling"]

    package let pooling: Pooling

    package init(_ pooling: Pooling) { self.pooling = pooling }

    package func layer(_ windows: Windows) -> any Layer {
      MaxPooling(window: windows.kernel, stride: windows.stride, padding: windows.padding)
    }
  }

  /// `MaxPool2d`, `MaxPool3d`.
  public static func maxPool(_ pooling: Pooling) -> LayerSpecification { LayerSpecification(MaxPool(pooling)) }
}
