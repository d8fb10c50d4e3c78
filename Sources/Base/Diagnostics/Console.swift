import Foundation
import Synchronization

/// Standard output, standard error, or what stands for them: everything that bt-dist prints goes through here.
///
/// A log and a result differ. A log that cannot be written (a closed connection, a full disk under a batch log) must not
/// end a run of days: `write` drops the text and throws nothing. A result that is lost is a failure: `writeResult`
/// throws it. Each call is one write to the system, so that lines of several ranks do not mix; longer texts go in pieces.
/// What would make a terminal do something is written as text, see `String.printableLines`.
package final class Console: Sendable {
  package static let output = Console(.standardOutput)
  package static let errors = Console(.standardError)

  /// What a pipe takes at once when it is ready.
  private static let piece = Int(PIPE_BUF)
  private let handle: FileHandle
  /// Its reader has gone, or takes nothing any more: nothing is tried again.
  private let isGone = Atomic(false)
  private let wasInterrupted = Atomic(false)

  package init(_ handle: FileHandle) { self.handle = handle }

  package var descriptor: Int32 { handle.fileDescriptor }

  // MARK: A log

  /// Writes what can be written.
  package func write(_ text: String) { _ = send(text.printableLines) }

  /// `bt-dist: …` on a line of its own.
  package func report(_ message: String) { write("bt-dist: \(message)\n") }

  /// `bt-dist: warning: …` on a line of its own.
  package func warn(_ message: String) { report("warning: \(message)") }

  /// Writes over the line that a terminal shows last, without ending it.
  package func redraw(_ line: String) { _ = send("\r" + line.printable) }

  /// Takes the first columns of the last line off a terminal, and begins there.
  package func clear(columns: Int) { _ = send("\r" + String(repeating: " ", count: columns) + "\r") }

  // MARK: A result

  /// Writes what somebody asked for. A reader that has gone, as `head` does, has what it wanted: that is no failure.
  ///
  /// - Throws: a `Failure(.cannotWrite)` with the system's reason.
  package func writeResult(_ text: String) throws(Failure) {
    let code = send(text.printableLines)
    if code == 0 || code == EPIPE { return }
    throw Failure(
      .cannotWrite, "the result cannot be written: \(String(cString: strerror(code)))", at: "standard output",
      remedy: code == EBADF
        ? "leave standard output open, or send it to a file" : "free space where it goes, or send it elsewhere")
  }

  // MARK: Writing

  /// `errno` of what went wrong, 0 if nothing did.
  private func send(_ text: String) -> Int32 {
    if isGone.load(ordering: .relaxed) { return EPIPE }
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      guard waitForReader() else { return lose(EAGAIN) }
      let end = min(done + Self.piece, bytes.count)
      let written = bytes[done..<end].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if written > 0 {
        done += written
      } else if written == 0 {
        return EIO
      } else if errno == EAGAIN, !waitForReader(milliseconds: 1000) {
        return lose(EAGAIN)
      } else if errno == EPIPE {
        return lose(EPIPE)
      } else if errno != EINTR, errno != EAGAIN {
        return errno
      }
    }
    return 0
  }

  private func lose(_ code: Int32) -> Int32 {
    isGone.store(true, ordering: .relaxed)
    return code
  }

  /// Waits for a reader that is slower than we are, or stopped. The first signal says that the run is to end: from then on
  /// a second has to do.
  private func waitForReader() -> Bool {
    guard !wasInterrupted.load(ordering: .relaxed) else { return waitForReader(milliseconds: 1000) }
    if waitForReader(milliseconds: -1) { return true }
    wasInterrupted.store(true, ordering: .relaxed)
    return waitForReader(milliseconds: 1000)
  }

  /// false when the time is up, or at a signal. An error is found by the write that follows.
  private func waitForReader(milliseconds: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let ready = poll(&request, 1, milliseconds)
    return ready > 0 || (ready < 0 && errno != EINTR)
  }
}
