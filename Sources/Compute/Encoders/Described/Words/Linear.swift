import Diagnostics
import JSON
import Layers

extension LayerSpecification {
  /// A weighted sum of a row for each output: `Linear`.
  package struct Linear: LayerWord {
    package static let name = "linear"
    package static let keys = ["bias"]
    package static let example = "{linear: 128}"
    package static let synonyms = ["fc", "dense", "fullyconnected", "mlp"]
    package static let keySynonyms = ["use_bias": "bias"]

    package let outputs: Int
    package let bias: Bool

    init(outputs: Int, bias: Bool) {
      self.outputs = outputs
      self.bias = bias
    }

    package init(_ reader: LayerReader) throws(Failure) {
      outputs = try reader.integer(Self.name, LayerReader.channels)
      bias = try reader.flag("bias", default: true)
    }

    package var json: JSONValue { object(.integer(Int128(outputs)), bias ? [:] : ["bias": .bool(false)]) }

    package func build(_ builder: inout LayerBuilder) throws(Failure) {
      let shape = builder.shape
      guard shape.spatial.isEmpty else {
        throw Failure(
          .usage, "a linear layer takes rows of numbers", at: builder.place, expected: "features without extents",
          found: "\(shape), channels and extents", remedy: "put 'global_average_pool' or 'flatten' before it")
      }
      builder.append(
        Layers.Linear(
          builder.name, inputs: shape.channels, outputs: outputs, bias: bias,
          needsInputGradient: builder.needsInputGradient))
      builder.shape.channels = outputs
    }
  }

  /// `Linear`.
  public static func linear(outputs: Int, bias: Bool = true) -> LayerSpecification {
    LayerSpecification(Linear(outputs: outputs, bias: bias))
  }
}
