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

  /// - Parameter text: words that each end with a zero byte.
  package static func words(in text: Data) -> [String] {
    text.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { String(decoding: $0, as: UTF8.self) }
  }
}
