import Files
import Foundation
import Layers

/// How a table of kernels travels between ranks.
extension KernelTable {
  /// One line, keys sorted: equal tables give equal bytes.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(choices)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// Reads back what `json` wrote.
  package init(json text: String) throws {
    try self.init(JSONDecoder().decode([String: [String: String]].self, from: Data(text.utf8)))
  }

  /// SHA-256 of `json`.
  package func hash() throws -> String { try SHA256.hex(of: json) }
}
