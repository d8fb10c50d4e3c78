import Diagnostics
import Files
import Foundation

/// A case of `Tests/fixtures`, computed in float64 by PyTorch, torchvision and nidl.
package struct Fixture {
  package let file: SafetensorsFile

  package init(_ name: String) throws {
    file = try SafetensorsFile(path: Fixture.path(name + ".safetensors"))
  }

  /// Where a file of `Tests/fixtures` lies.
  package static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("fixtures").appendingPathComponent(name).path
  }

  package func floats(_ name: String) throws -> [Float] { try file.floats(of: name) }

  /// A scalar or an array stored as JSON text in the metadata.
  package func value<Value: Decodable>(_ name: String, as _: Value.Type = Value.self) throws -> Value {
    guard let text = file.metadata[name] else { throw Failure(.data, "no metadata '\(name)'", at: file.path) }
    return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }
}

/// ‖x − y‖ / ‖y‖ over all numbers together.
package func relativeError(_ x: some Sequence<Float>, to y: some Sequence<Float>) -> Double {
  var (difference, norm) = (0.0, 0.0)
  for (x, y) in zip(x, y) {
    difference += (Double(x) - Double(y)) * (Double(x) - Double(y))
    norm += Double(y) * Double(y)
  }
  return (difference / norm).squareRoot()
}
