import CommandLine
import Diagnostics
import Foundation

extension ValueFormat<[LayerSpecification]> {
  /// A list of layers: JSON5 on the command line, a list in a file.
  package static var layers: Self {
    let fromJSON: @Sendable (JSONValue) -> [LayerSpecification]? = { try? LayerSpecification.parse($0) }
    return ValueFormat(
      placeholder: "JSON", expected: "a list of layers, such as [{linear: 128}, 'relu', {linear: 64}]",
      fromText: { JSONValue(json5: Data($0.utf8)).flatMap(fromJSON) }, fromJSON: fromJSON,
      toJSON: LayerSpecification.json,
      remedy: { _ in "look for a missing comma, quote or bracket; put the whole list in quotes for the shell" },
      explain: { value in
        var value = value
        if case .string(let text) = value {
          guard let json = JSONValue(json5: Data(text.utf8)) else { return nil }
          value = json
        }
        do throws(Failure) { _ = try LayerSpecification.parse(value) } catch { return error }
        return nil
      })
  }
}
