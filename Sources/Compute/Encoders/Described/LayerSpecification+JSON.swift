import Diagnostics
import JSON

extension LayerSpecification {
  /// The most layers of a network, with repetitions written out.
  static let mostLayers = 10_000

  /// Reads a list of layers; `place` is its path for errors: `layers`, `layers[3].residual`.
  ///
  /// A layer is an object with its name among the keys (`{convolution: 32, kernel_size: 3}`), or the name alone where
  /// that says everything (`"relu"`). Anything else, unknown keys, and values of the wrong kind or range are usage
  /// failures.
  package static func parse(_ json: JSONValue, at place: String = "layers") throws(Failure) -> [LayerSpecification] {
    guard case .array(let elements) = json else {
      throw Failure(
        .usage, "not a list of layers", at: place, expected: "a list in brackets, such as [\(Linear.example)]",
        found: "\(json) (\(json.kind))")
    }
    if elements.isEmpty {
      throw Failure(.usage, "the list has no layers", at: place, expected: "at least one", found: "[]")
    }
    var layers: [LayerSpecification] = []
    for (index, element) in elements.enumerated() {
      layers.append(try LayerReader(element, at: "\(place)[\(index)]").layer())
    }
    if count(layers) > mostLayers {
      throw Failure(
        .usage, "there are too many layers", at: place, expected: "at most \(mostLayers), with repetitions written out",
        remedy: "repeat fewer times")
    }
    return layers
  }

  /// The canonical JSON of a list: equal lists give equal JSON, and reading it gives the list back.
  package static func json(_ layers: [LayerSpecification]) -> JSONValue { .array(layers.map(\.json)) }

  /// A text for a layer whose name says everything, else an object without the values that are defaults.
  package var json: JSONValue { word.json }
}
