import Diagnostics
import Foundation

/// The words that this process was called with.
package enum CommandWords {
  /// Without the program's name.
  ///
  /// Swift's runtime finds none where a preloaded library has moved the environment, as libfaketime does; the system still
  /// knows them.
  package static var ofProcess: [String] {
    let known = CommandLine.arguments
    guard known.isEmpty, let data = FileManager.default.contents(atPath: "/proc/self/cmdline") else {
      return Array(known.dropFirst())
    }
    return Array(words(in: data).dropFirst())
  }

  /// Throws for a word that is not UTF-8: as a text it would be another one, and two such paths the same folder.
  package static func requireUTF8() throws(Failure) {
    let words = (FileManager.default.contents(atPath: "/proc/self/cmdline") ?? Data()).split(
      separator: 0, omittingEmptySubsequences: false)
    // The first is the program itself.
    for (place, word) in words.enumerated() where place > 0 && String(validating: word, as: UTF8.self) == nil {
      throw Failure(
        .usage, "an argument is not UTF-8", at: "argument \(place)", expected: "names of files in UTF-8",
        found: String(decoding: word, as: UTF8.self),
        remedy: "rename the file or folder, or give it a symbolic link whose name is UTF-8")
    }
  }

  /// - Parameter text: words that each end with a zero byte.
  package static func words(in text: Data) -> [String] {
    text.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { String(decoding: $0, as: UTF8.self) }
  }
}
