import Diagnostics
import FileSystem
import Foundation
import JSON

/// The JSON that bt-dist writes and reads back: state files, records, messages between ranks. One writer, one strict
/// reader.
///
/// JSON has no NaN and no infinity: they become the texts `nan`, `inf` and `-inf`. (Configuration files, which people
/// write, are JSON5: `ConfigurationFile`.)
package enum JSONText {
  package enum Style: Sendable {
    /// On one line, without a line feed at its end.
    case line
    /// One member a line, and a line feed at the end.
    case pretty
  }

  /// Keys are sorted: equal values give equal bytes.
  ///
  /// - Parameter snakeCase: `samplesPerSecond` becomes `samples_per_second`.
  package static func encode(
    _ value: some Encodable, _ style: Style = .line, snakeCase: Bool = false
  ) throws -> String {
    let encoder = JSONEncoder()
    if snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if style == .pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(value), as: UTF8.self) + (style == .pretty ? "\n" : "")
  }

  /// - Throws: `JSONSyntaxError`, or a `DecodingError` for JSON that is not such a value.
  package static func decode<Value: Decodable>(_: Value.Type = Value.self, from bytes: Data) throws -> Value {
    // Foundation takes one of two equal keys, and other texts that are not JSON.
    _ = try JSONValue([UInt8](bytes), .strict)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(Value.self, from: bytes)
  }

  package static func decode<Value: Decodable>(_: Value.Type = Value.self, from text: String) throws -> Value {
    try decode(from: Data(text.utf8))
  }

  /// What a file holds. `Failure(.data)` for one that is missing or is not what bt-dist writes there.
  package static func decode<Value: Decodable>(_: Value.Type = Value.self, contentsOf path: String) throws -> Value {
    let data = try Disk.contents(of: path)
    do { return try decode(from: data) } catch {
      throw Failure(.data, "the file is not what bt-dist writes there", at: path, found: text(of: error))
    }
  }

  /// What is wrong, for people: `no 'step'`.
  private static func text(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "\(error)" }
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? "'\($0.stringValue)'" }
      return path.isEmpty ? "the whole text" : path.joined(separator: " ")
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "no '\(key.stringValue)'" + (context.codingPath.isEmpty ? "" : " in \(place(context))")
    case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context):
      return "\(place(context)) is not a value that is written there"
    @unknown default: return "another value"
    }
  }
}
