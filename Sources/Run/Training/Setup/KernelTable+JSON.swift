import Files
import Foundation
import Layers

/// How a table of kernels travels between ranks.
extension KernelTable {
  /// One line, keys sorted: equal tables give equal bytes.
  package var json: String {
    (try? JSONText.encode(choices)) ?? "{}"
  }

  /// Reads back what `json` wrote.
  package init(json text: String) throws {
    try self.init(JSONText.decode([String: [String: String]].self, from: text))
  }

  /// SHA-256 of `json`.
  package func hash() throws -> String { try SHA256.hex(of: json) }
}
