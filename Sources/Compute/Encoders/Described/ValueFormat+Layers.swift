import CommandLine
import Diagnostics
import JSON

extension ValueFormat<[LayerSpecification]> {
  /// A list of layers: JSON5 on the command line, a list in a file.
  package static var layers: Self {
    .json(
      expected: "a list of layers, such as [{linear: 128}, 'relu', {linear: 64}]",
      remedy: "look for a missing comma, quote or bracket; put the whole list in quotes for the shell",
      toJSON: LayerSpecification.json, read: { (json) throws(Failure) in try LayerSpecification.parse(json) })
  }
}
