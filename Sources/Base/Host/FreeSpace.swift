import Diagnostics
import Foundation

/// The room that is left on a file system.
package enum FreeSpace {
  /// Bytes that this user can still write below `path`, which must exist; quotas are not counted. nil where the
  /// system does not tell.
  package static func bytes(at path: String) -> Int? {
    var system = statvfs()
    guard statvfs(path, &system) == 0 else { return nil }
    // Some file servers do not count: they say that there are no blocks at all.
    guard system.f_blocks > 0 else { return nil }
    return Int(clamping: UInt64(system.f_bavail).multipliedReportingOverflow(by: UInt64(system.f_frsize)).partialValue)
  }

  /// Throws `Failure(.cannotWrite)` unless there is room for `needed` bytes below `path`; `what` is to be written.
  package static func require(_ needed: Int, for what: String, at path: String) throws {
    guard let free = bytes(at: path), free < needed else { return }
    var failure = Failure.cannotWrite("write \(what)", path: path, errno: ENOSPC)
    failure.expected = "\(needed.counted("byte")) of free space"
    failure.found = "\(free)"
    throw failure
  }
}
