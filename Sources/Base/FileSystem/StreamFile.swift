import Foundation

/// A file that may be a pipe or a device, such as `/dev/stdin` and the `/dev/fd/63` of `<(…)`, read to its end.
///
/// Its writer is waited for until a signal comes that has a handler. Without O_NONBLOCK, opening a pipe that nobody writes
/// to would wait for ever, and no signal could end that.
package enum StreamFile {
  /// Why a file cannot be read.
  package enum Trouble: Error {
    /// With `errno`.
    case system(Int32)
    /// A signal came while the writer was waited for.
    case interrupted

    /// For a failure's `found`.
    package var text: String {
      switch self {
      case .system(let code): String(cString: strerror(code))
      case .interrupted: "a signal"
      }
    }
  }

  /// - Parameter limit: bytes after which the rest is left.
  package static func read(_ path: String, upToCount limit: Int) throws(Trouble) -> Data {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if file < 0 { throw .system(errno) }
    defer { close(file) }
    var status = stat()
    if fstat(file, &status) != 0 { throw .system(errno) }
    let hasSize = [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    var data = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if !hasSize { try waitForWriter(file) }
      let count = Foundation.read(file, &buffer, buffer.count)
      if count == 0 { return data }
      if count > 0 { data.append(contentsOf: buffer[..<count]) }
      if count < 0, errno != EINTR, errno != EAGAIN { throw .system(errno) }
      if data.count >= limit { return data.prefix(limit) }
    }
  }

  private static func waitForWriter(_ file: Int32) throws(Trouble) {
    var request = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    if poll(&request, 1, -1) < 0 { throw errno == EINTR ? .interrupted : .system(errno) }
  }
}
