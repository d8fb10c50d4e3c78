import Foundation

/// What the system counts of this process's memory; nil where it does not tell (no `/proc`).
package enum ProcessMemory {
  /// Bytes in memory now (`VmRSS`): touched pages, including those of files and of memory shared with other processes.
  package static var resident: Int? { field("VmRSS", in: "/proc/self/status") }
  /// The most there ever was (`VmHWM`).
  package static var peak: Int? { field("VmHWM", in: "/proc/self/status") }
  /// Bytes that programs on this host can still get without others being swapped out (`MemAvailable`).
  package static var availableOnHost: Int? { field("MemAvailable", in: "/proc/meminfo") }

  /// Bytes that this host has (`MemTotal`).
  package static var ofHost: Int? { field("MemTotal", in: "/proc/meminfo") }
  /// Bytes of addresses in use (`VmSize`), which `ulimit -v` limits.
  package static var addresses: Int? { field("VmSize", in: "/proc/self/status") }

  /// Bytes that can be written, in memory or not (`VmData`), which `ulimit -d` limits.
  package static var data: Int? { field("VmData", in: "/proc/self/status") }

  /// A field in kB of a file of lines such as `VmRSS:   1234 kB`.
  private static func field(_ name: String, in path: String) -> Int? {
    SystemFile.text(path).flatMap { field(name, of: $0) }
  }

  package static func field(_ name: String, of text: String) -> Int? {
    SystemFile.field(name, of: text)?.split(separator: " ").first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}
