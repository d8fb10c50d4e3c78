import Diagnostics
import JSON
import Layers

extension LayerSpecification {
  /// Means over windows of nearly equal size, for an output of the given extents: `AdaptiveAvgPool2d/3d`.
  package struct AdaptiveAveragePool: LayerWord {
    package static let name = "adaptive_average_pool"
    package static let example = "{adaptive_average_pool: 4}"
    package static let synonyms = ["adaptiveavgpool", "adaptiveavgpoold", "adaptivepool"]

    package let outputSize: AxisSizes

    init(outputSize: AxisSizes) { self.outputSize = outputSize }

    package init(_ reader: LayerReader) throws(Failure) {
      outputSize = try reader.sizes(Self.name, LayerReader.sizes)
    }

    package var json: JSONValue { object(outputSize.json) }

    package func build(_ builder: inout LayerBuilder) throws(Failure) {
      builder.blockChannels()
      try builder.requireImages()
      builder.shape.spatial = try builder.sizes(outputSize, Self.name)
      builder.append(AdaptiveAveragePooling(output: builder.shape.spatial))
    }
  }

  /// `AdaptiveAvgPool2d/3d`: means over windows of nearly equal size.
  public static func adaptiveAveragePool(outputSize: AxisSizes) -> LayerSpecification {
    LayerSpecification(AdaptiveAveragePool(outputSize: outputSize))
  }
}
