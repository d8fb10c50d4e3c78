import Diagnostics
import FileSystem
import Foundation
import JSON

/// A JSON5 file of options: one object.
package struct ConfigurationFile: Sendable {
  /// An option with its value, and the line of its key.
  package struct Member: Sendable {
    package let key: String
    package let value: JSONValue
    package let line: Int
  }

  /// The most bytes that are read: what is longer is no list of options.
  package static let mostBytes = 16 << 20

  package let path: String
  /// All of the file.
  package let value: JSONValue
  /// In the order of the file.
  package let members: [Member]

  /// Reads the bytes of the file at `path`; a text that is not a JSON5 object is a usage failure that names the line.
  package init(
    path: String, bytes: Data, expected: String = "an object in braces, its members separated by commas"
  ) throws(Failure) {
    self.path = path
    if bytes.count > Self.mostBytes {
      throw Failure(
        .usage, "the file is too long", at: path, expected: "at most \(Self.mostBytes >> 20) MiB",
        remedy: "look whether it is the file that is meant")
    }
    let document: JSONDocument
    do { document = try JSONDocument([UInt8](bytes), .json5) } catch {
      throw error.failure(at: path, expected: expected)
    }
    guard case .object(let object) = document.value else {
      throw Failure(
        .usage, "not an object of options", at: path, expected: "an object in braces", found: document.value.kind)
    }
    value = document.value
    members = object.map { Member(key: $0.key, value: $0.value, line: document.lines[$0.key] ?? 1) }
      .sorted { ($0.line, $0.key) < ($1.line, $1.key) }
  }

  /// Reads a whole file, or what a pipe such as `/dev/stdin` holds; not more than a byte over the limit.
  package static func read(path: String) throws(Failure) -> Data {
    do { return try StreamFile.read(path, upToCount: mostBytes + 1) } catch {
      if case .interrupted = error {
        throw Failure(
          .interrupted, "a signal came while the configuration file was waited for", at: path,
          remedy: "launch again, with a file, or a writer at the other end")
      }
      throw Failure(
        .usage, "the configuration file cannot be read", at: path, expected: "a JSON5 file that every rank can read",
        found: error.text, remedy: "give \(option: "config") a JSON5 file that every rank can read")
    }
  }
}
