import Diagnostics
import Foundation

/// A regular file opened for reading at given places; safe to use from several threads.
///
/// Reads with `pread` rather than through a memory map: a file that shrinks or a disk that fails gives an error here,
/// where a map gives `SIGBUS`, and reading straight into the arena copies no more than a map would.
package final class InputFile: Sendable {
  package let path: String
  /// The size when it was opened.
  package let bytes: Int
  private let descriptor: Int32

  package init(path: String) throws {
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw Failure.cannotRead("open the file", path: path, errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Failure(.data, "not a regular file", at: path)
    }
    self.path = path
    self.descriptor = descriptor
    bytes = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Fills `buffer` from byte `offset` on; fewer bytes in the file is an error.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard let base = buffer.baseAddress, buffer.count > 0 else { return }
    guard offset >= 0, offset <= bytes, buffer.count <= bytes - offset else { throw tooShort(offset, buffer.count) }
    var done = 0
    while done < buffer.count {
      let got = pread(descriptor, base + done, min(1 << 30, buffer.count - done), off_t(offset + done))
      if got < 0 {
        if errno == EINTR { continue }
        throw Failure.cannotRead("read the file", path: path, errno: errno)
      }
      if got == 0 { throw tooShort(offset, buffer.count) }
      done += got
    }
  }

  private func tooShort(_ offset: Int, _ count: Int) -> Failure {
    Failure(
      .data, "the file ends too early", at: path, expected: "\(count.counted("byte")) from byte \(offset) on",
      found: "\(bytes.counted("byte")) in all")
  }
}
