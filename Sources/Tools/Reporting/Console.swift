import Foundation

/// Text for people, on a terminal, a pipe or a file.
///
/// A console that goes away (a closed connection, a full disk under a batch log) must not end a run of days: after the
/// first error nothing more is written there, and nothing is thrown. Each call is one `write`, so that lines of
/// several ranks do not mix.
package final class Console {
  private let handle: FileHandle
  private(set) var isOpen = true

  package init(_ handle: FileHandle) { self.handle = handle }

  /// `bt-dist: warning: …` on a line of its own.
  package func warn(_ message: String) { write("bt-dist: warning: \(message)\n") }

  var descriptor: Int32 { handle.fileDescriptor }

  package func write(_ text: String) {
    guard isOpen else { return }
    var rest = ArraySlice(text.utf8)
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        rest = rest.dropFirst(written)
      } else if written == 0 || !canRetry(errno) {
        isOpen = false
        return
      }
    }
  }

  /// Whether to try again; waits up to a second for a reader that is slower than we are.
  private func canRetry(_ code: Int32) -> Bool {
    if code == EINTR { return true }
    guard code == EAGAIN || code == EWOULDBLOCK else { return false }
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&request, 1, 1000) > 0
  }
}
