import Diagnostics
import JSON
import Layers

extension LayerSpecification {
  /// x and body(x) along the channels, a DenseNet's layer: `cat([x, body(x)], 1)`.
  package struct Concatenate: LayerWord {
    package static let name = "concatenate"
    package static let example =
      "{concatenate: ['batch_norm', 'relu', {convolution: 12, kernel_size: 3, padding: 1}]}"
    package static let synonyms = ["concat", "cat", "denseblock", "denselayer"]

    package let body: [LayerSpecification]

    init(_ body: [LayerSpecification]) { self.body = body }

    package init(_ reader: LayerReader) throws(Failure) { body = try reader.layers(Self.name) }

    package var json: JSONValue { object(LayerSpecification.json(body)) }

    /// The concatenation is a layer too.
    package var layerCount: Int { LayerSpecification.count(body + [.relu]) }

    package func build(_ builder: inout LayerBuilder) throws(Failure) {
      builder.blockChannels()
      let inner = try builder.branch(builder.list(body, part: "body", key: Self.name))
      let extents = builder.shape.spatial
      guard inner.shape.spatial == extents else {
        throw Failure(
          .usage, "the layers of concatenate change the extents", at: builder.place,
          expected: "extents \(builder.text(extents)), as they go in", found: builder.text(inner.shape.spatial),
          remedy: "give strides of 1, and padding that keeps the extents")
      }
      builder.append(DenseLayer(inner.layers))
      builder.shape.channels += inner.shape.channels
    }
  }

  /// x and body(x), one after the other along the channels (DenseNet's layer).
  public static func concatenate(_ body: [LayerSpecification]) -> LayerSpecification {
    LayerSpecification(Concatenate(body))
  }
}
