import Diagnostics
import Files
import Foundation

/// A file to which whole lines are appended, even while the disk does not take them for a time.
///
/// What cannot be written is kept in memory and written later, in order; a part of a line that did get there is taken
/// back. So the file holds whole lines, each once, unless the process is killed in the middle of a write.
final class LineFile {
  private let path: String
  private let handle: FileHandle
  /// Bytes of the file that are whole lines.
  private var length: Int
  private var pending: [UInt8] = []
  /// Why the last try failed; nil while the disk takes everything.
  private(set) var failure: Failure?

  /// Opens the file to append to it; makes it if it is missing.
  init(path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure.cannotWrite("open the file", path: path, errno: errno) }
    self.path = path
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    length = Int(lseek(descriptor, 0, SEEK_END))
  }

  /// Takes a line, and writes it if the disk lets it.
  func append(_ line: String) {
    pending += Array(line.utf8) + [UInt8(ascii: "\n")]
    write()
  }

  /// Throws `Failure(.cannotWrite)` if lines are left that the disk does not take.
  func flush() throws {
    write()
    if let failure { throw failure }
  }

  /// As `flush`, and waits until the disk has everything.
  func synchronize() throws {
    try flush()
    try OutputFile.synchronize(handle.fileDescriptor, path, mayBePipe: true)
  }

  private func write() {
    guard !pending.isEmpty else { return }
    do {
      let output = try OutputFile(handle: handle, name: path)
      try pending.withUnsafeBytes { try output.write($0) }
      (length, failure) = (length + pending.count, nil)
      pending.removeAll(keepingCapacity: true)
    } catch {
      // Not on a pipe or terminal, which has no length.
      _ = ftruncate(handle.fileDescriptor, off_t(length))
      failure = error as? Failure ?? Failure(.cannotWrite, "\(error)", at: path)
    }
  }
}
