import Diagnostics
import FileSystem
import Foundation

/// Outputs that are no files: devices, pipes, and the streams that this process was started with.
enum DirectOutput {
  /// Opens what `path` names; nil for a file or for nothing. Waits until someone reads from a named pipe.
  static func open(_ path: String, option: String) throws -> Int32? {
    if let stream = stream(path) {
      let copy = fcntl(stream, F_DUPFD_CLOEXEC, 3)
      if copy < 0 { throw Failure.cannotWrite("write to the stream", path: path, errno: errno, option: option) }
      return copy
    }
    guard try Disk.status(of: path)?.kind == .other else { return nil }
    while true {
      let descriptor = Foundation.open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC)
      if descriptor >= 0 { return descriptor }
      if errno != EINTR { throw Failure.cannotWrite("open the file", path: path, errno: errno, option: option) }
    }
  }

  /// The number of an open stream: opened by its path, a file behind it would be written from its start.
  private static func stream(_ path: String) -> Int32? {
    switch path {
    case "/dev/stdout": return STDOUT_FILENO
    case "/dev/stderr": return STDERR_FILENO
    default:
      guard let folder = ["/dev/fd/", "/proc/self/fd/"].first(where: path.hasPrefix) else { return nil }
      return Int32(path.dropFirst(folder.count))
    }
  }
}
