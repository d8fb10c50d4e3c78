import Diagnostics
import Host

/// What this process can still have, for buffers whose pages are filled at once: data in memory, features, trials.
package enum MemoryRoom {
  /// Whether the host and the limits of process and job have so many bytes now; true where nothing is known.
  package static func has(_ bytes: Int) -> Bool { shortage(of: bytes) == nil }

  /// - Throws: a usage failure with the figures where there is no room.
  package static func require(_ bytes: Int, for use: MemoryUse, at place: String? = nil) throws(Failure) {
    guard let (room, name) = shortage(of: bytes) else { return }
    throw Failure(
      .usage, "there is not enough memory for \(use.text)", at: place,
      expected: "at most \(SummaryText.bytes(room)) (\(name))", found: SummaryText.bytes(bytes),
      remedy: "take a host with more memory, raise the limit, or ask for less")
  }

  private static func shortage(of bytes: Int) -> (room: Int, name: String)? {
    var rooms: [(room: Int, name: String)] = []
    if let free = ProcessMemory.availableOnHost { rooms.append((free, "free on this host")) }
    if let own = ProcessLimit.room { rooms.append((own.bytes, "left of \(own.limit.name)")) }
    if let job = MemoryLimit.current() {
      rooms.append((max(0, job.bytes - (ProcessMemory.resident ?? 0)), "left of \(job.name)"))
    }
    return rooms.min { $0.room < $1.room }.flatMap { $0.room < bytes ? $0 : nil }
  }
}
