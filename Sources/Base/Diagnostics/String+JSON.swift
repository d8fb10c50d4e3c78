import Foundation

extension String {
  /// The text as a JSON string, with its quotes; everything that JSON allows to stand as it is does.
  package var quotedJSON: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    guard let json = try? encoder.encode(self) else { preconditionFailure("every String has a JSON text") }
    return String(decoding: json, as: UTF8.self)
  }
}
