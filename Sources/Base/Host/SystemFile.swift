import Foundation

/// Files of `/proc` and `/sys`.
package enum SystemFile {
  /// nil where it cannot be read.
  package static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// What follows `NAME:` in a file of such lines, without blanks at its ends.
  package static func field(_ name: String, of text: String) -> Substring? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
      return line.dropFirst(name.count + 1).trimmingPrefix { $0.isWhitespace }
    }
    return nil
  }

  /// The processors on which a process, or the thread that asks, may run.
  ///
  /// - Parameter process: a number, `self`, or `thread-self`.
  package static func allowedProcessors(of process: String) -> CPUSet? {
    text("/proc/\(process)/status").flatMap { field("Cpus_allowed_list", of: $0) }.flatMap { CPUSet($0) }
  }
}
