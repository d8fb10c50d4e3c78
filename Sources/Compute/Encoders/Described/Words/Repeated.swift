import Diagnostics
import JSON

extension LayerSpecification {
  /// The layers written out a number of times, each with its own parameters and number in `nn.Sequential`.
  ///
  /// `DescribedLayer.list` writes them out before anything is built.
  package struct Repeated: LayerWord {
    package static let name = "repeat"
    package static let keys = ["layers"]
    package static let example = "{repeat: 2, layers: [{linear: 128}, 'relu']}"
    package static let synonyms = ["times", "repeated"]
    package static let keySynonyms = ["body": "layers"]

    package let times: Int
    package let layers: [LayerSpecification]

    init(_ times: Int, _ layers: [LayerSpecification]) {
      self.times = times
      self.layers = layers
    }

    package init(_ reader: LayerReader) throws(Failure) {
      times = try reader.integer(Self.name, 1...1000)
      layers = try reader.layers("layers")
    }

    package var json: JSONValue { object(.integer(Int128(times)), ["layers": LayerSpecification.json(layers)]) }

    package var layerCount: Int {
      let (result, overflow) = times.multipliedReportingOverflow(by: LayerSpecification.count(layers))
      return overflow ? .max : result
    }

    package func build(_ builder: inout LayerBuilder) { preconditionFailure("repetitions are written out") }
  }

  /// The layers written out a number of times, each with its own parameters.
  public static func repeated(_ times: Int, _ layers: [LayerSpecification]) -> LayerSpecification {
    LayerSpecification(Repeated(times, layers))
  }
}
