import Diagnostics
import JSON

/// A word of described networks: a kind of layer, how it is written, and how it is made.
///
/// A new word is one file with one of these, and its type in `LayerSpecification.words`. A word without values
/// (`"relu"`) is a `BareLayerWord`.
package protocol LayerWord: Sendable, Equatable {
  /// The word in a list: `max_pool`.
  static var name: String { get }
  /// Whether the name alone says everything: `"relu"` is `{relu: true}`.
  static var isComplete: Bool { get }
  /// Keys besides the name, in the order of messages.
  static var keys: [String] { get }
  /// How to write it, for messages: `{max_pool: 2}`.
  static var example: String { get }
  /// Names that people try for it: PyTorch's classes in lower case without the digits, and other common ones.
  static var synonyms: [String] { get }
  /// Names in lower case that people try for its keys, with the keys.
  static var keySynonyms: [String: String] { get }

  /// From an object with only the word's own keys; throws what `LayerReader` throws.
  init(_ reader: LayerReader) throws(Failure)
  /// The canonical JSON, without values that are defaults: equal layers give equal JSON, from which they are read
  /// again.
  var json: JSONValue { get }
  /// Layers that it counts for, with repetitions written out and branches; `Int.max` beyond it.
  var layerCount: Int { get }

  /// Appends the layer, made for the builder's shape, and changes the shape to that of the output.
  ///
  /// - Throws: a usage failure at `builder.place` if the layer does not fit.
  func build(_ builder: inout LayerBuilder) throws(Failure)
}

extension LayerWord {
  package static var isComplete: Bool { false }
  package static var keys: [String] { [] }
  package static var keySynonyms: [String: String] { [:] }

  package var layerCount: Int { 1 }

  /// The JSON of a layer that is an object: the value of its name, and further keys.
  func object(_ value: JSONValue, _ others: [String: JSONValue] = [:]) -> JSONValue {
    .object(others.merging([Self.name: value]) { $1 })
  }
}

/// A word without values: the name says everything.
package protocol BareLayerWord: LayerWord {
  init()
}

extension BareLayerWord {
  package static var isComplete: Bool { true }
  package static var example: String { "'\(name)'" }

  package init(_ reader: LayerReader) throws(Failure) {
    guard reader[Self.name] == .bool(true) else { throw reader.failure(Self.name, expected: "true") }
    self.init()
  }

  package var json: JSONValue { .string(Self.name) }
}
