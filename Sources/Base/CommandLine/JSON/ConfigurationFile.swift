import Diagnostics
import FileSystem
import Foundation

/// A JSON5 file of options: one object.
package struct ConfigurationFile {
  package let path: String
  package let members: [String: JSONValue]

  /// Decodes the bytes of the file at `path`; a text that is not a JSON5 object is a usage failure.
  package init(path: String, bytes: Data) throws(Failure) {
    self.path = path
    guard let value = JSONValue(json5: bytes) else {
      let line = Self.lastGoodLine(of: bytes)
      throw Failure(
        .usage, "not valid JSON5", at: line > 0 ? "\(path), after line \(line)" : path,
        expected: "an object in braces, its members separated by commas",
        remedy: "look for a missing comma, quote or brace; put texts, and keys with a hyphen, in quotes")
    }
    guard case .object(let members) = value else {
      throw Failure(
        .usage, "not an object of options", at: path, expected: "an object in braces", found: value.kind)
    }
    self.members = members
  }

  /// Reads a whole file, or what a pipe such as `/dev/stdin` holds.
  package static func read(path: String) throws(Failure) -> Data {
    do { return try StreamFile.read(path) } catch {
      if case .interrupted = error {
        throw Failure(
          .interrupted, "a signal came while the configuration was waited for", at: path,
          remedy: "launch again, with a file, or a writer at the other end")
      }
      throw Failure(
        .usage, "the configuration file cannot be read", at: path, found: error.text,
        remedy: "give \(option: "config") a JSON5 file that every rank can read")
    }
  }

  /// The last line up to which a broken text is a good object that is only not closed yet; 0 for none. Looks at 500
  /// lines.
  private static func lastGoodLine(of bytes: Data) -> Int {
    let ends = bytes.indices.lazy.filter { bytes[$0] == UInt8(ascii: "\n") }.prefix(500)
    return zip(1..., ends).reduce(0) { last, line in
      JSONValue(json5: bytes[...line.1] + Data("}".utf8)) == nil ? last : line.0
    }
  }
}
