import Diagnostics
import Foundation

/// Files that are read from beginning to end: configurations and what a run has left.
///
/// Opening a pipe that nobody writes to would wait for ever, and so would reading one; a signal could not end that.
package enum WholeFile {
  /// Why a file cannot be read.
  package enum Trouble: Error {
    /// With `errno`.
    case system(Int32)
    /// With what it is: `a pipe`.
    case notRegular(String)
    case tooLong
    /// A signal came while a pipe was read.
    case interrupted

    /// For a failure's `found`.
    package var text: String {
      switch self {
      case .system(let code): String(cString: strerror(code))
      case .notRegular(let kind): kind
      case .tooLong: "more than \(SummaryText.bytes(WholeFile.longestStream))"
      case .interrupted: "a signal"
      }
    }
  }

  /// Bytes that are taken from what has no size.
  static let longestStream = 64 << 20

  /// - Parameter acceptsStreams: whether pipes and devices are read too, such as `/dev/stdin` and the `/dev/fd/63` of
  ///   `<(…)`. Their writer is waited for until a signal comes that has a handler.
  package static func read(_ path: String, acceptsStreams: Bool = false) throws(Trouble) -> Data {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if file < 0 { throw .system(errno) }
    defer { close(file) }
    var status = stat()
    if fstat(file, &status) != 0 { throw .system(errno) }
    if status.st_mode & S_IFMT == S_IFDIR { throw .system(EISDIR) }
    let isStream = status.st_mode & S_IFMT != S_IFREG
    if isStream && !acceptsStreams { throw .notRegular(status.st_mode & S_IFMT == S_IFIFO ? "a pipe" : "a device") }
    var data = Data(capacity: isStream ? 0 : Int(status.st_size))
    var buffer = [UInt8](repeating: 0, count: isStream ? 1 << 16 : min(1 << 20, Int(status.st_size) + 1))
    while true {
      if isStream { try waitForWriter(file) }
      let count = Foundation.read(file, &buffer, buffer.count)
      if count == 0 { return data }
      if count > 0 { data.append(contentsOf: buffer[..<count]) }
      if count < 0, errno != EINTR, errno != EAGAIN { throw .system(errno) }
      if isStream, data.count > longestStream { throw .tooLong }
    }
  }

  private static func waitForWriter(_ file: Int32) throws(Trouble) {
    var request = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    if poll(&request, 1, -1) < 0 { throw errno == EINTR ? .interrupted : .system(errno) }
  }
}
