import Diagnostics
import Foundation

/// A file being written: every byte arrives or an error is thrown, and `finish` returns when the disk has it.
///
/// Counts and hashes what passes through it, so that a manifest needs no second reading. Errors are
/// `Failure(.cannotWrite)` with the path and the system's words. A limit on file sizes (`ulimit -f`) kills the process
/// unless it ignores `SIGXFSZ`.
package final class OutputFile {
  /// What was written.
  package struct Summary: Sendable, Equatable {
    package var bytes: Int
    /// 64 lower-case hexadecimal digits.
    package var sha256: String
  }

  package let path: String
  package private(set) var bytes = 0
  private let hash: SHA256
  private var descriptor: Int32
  private let ownsDescriptor: Bool

  /// Creates the file, or empties the one that is there.
  package init(path: String) throws {
    hash = try SHA256()
    self.path = path
    ownsDescriptor = true
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure.cannotWrite("create the file", path: path, errno: errno) }
  }

  /// Writes to an open handle (a file or a pipe), from its present position; it stays open and must outlive this
  /// object.
  package init(handle: FileHandle, name: String) throws {
    hash = try SHA256()
    path = name
    ownsDescriptor = false
    descriptor = handle.fileDescriptor
  }

  deinit { if ownsDescriptor, descriptor >= 0 { close(descriptor) } }

  package func write(_ data: UnsafeRawBufferPointer) throws {
    guard let base = data.baseAddress, data.count > 0 else { return }
    guard descriptor >= 0 else { throw Failure(.defect, "the file is already closed", at: path) }
    var done = 0
    while done < data.count {
      // Pieces of 1 MiB: the hash reads what write() has just brought into the cache.
      let piece = UnsafeRawBufferPointer(start: base + done, count: min(1 << 20, data.count - done))
      let written = Foundation.write(descriptor, piece.baseAddress, piece.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw Failure.cannotWrite("write to the file", path: path, errno: errno)
      }
      if written == 0 { throw Failure.cannotWrite("write to the file", path: path, errno: EIO) }
      try hash.update(UnsafeRawBufferPointer(start: piece.baseAddress, count: written))
      done += written
      bytes += written
    }
  }

  package func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
  }

  /// Waits until the disk has what was written so far (`fsync`).
  package func synchronize() throws { try Self.synchronize(descriptor, path, mayBePipe: !ownsDescriptor) }

  /// Brings to the disk what was written to an open file.
  ///
  /// - Parameter mayBePipe: pipes and terminals cannot be synchronised, and say so with EINVAL or EROFS.
  package static func synchronize(_ descriptor: Int32, _ path: String, mayBePipe: Bool) throws {
    if fsync(descriptor) == 0 { return }
    if mayBePipe, [EINVAL, EROFS, ENOTSUP].contains(errno) { return }
    throw Failure.cannotWrite("bring the file to the disk", path: path, errno: errno)
  }

  /// Waits for the disk, closes, and says what was written. Call once; nothing can be written afterwards.
  package func finish() throws -> Summary {
    guard descriptor >= 0 else { throw Failure(.defect, "the file is already closed", at: path) }
    try synchronize()
    let closing = descriptor
    descriptor = -1
    // Some file servers report a full disk only here.
    if ownsDescriptor, close(closing) != 0, errno != EINTR {
      throw Failure.cannotWrite("close the file", path: path, errno: errno)
    }
    return Summary(bytes: bytes, sha256: try hash.finish())
  }

  /// Brings to the disk what this process has written to a file through any handle; does nothing if there is no file.
  package static func synchronizeIfThere(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 && errno == ENOENT { return }
    if descriptor < 0 { throw Failure.cannotWrite("open the file", path: path, errno: errno) }
    defer { close(descriptor) }
    try synchronize(descriptor, path, mayBePipe: false)
  }

  /// Brings a folder's entries (created, renamed, removed names) to the disk.
  package static func synchronizeFolder(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw Failure.cannotWrite("open the folder", path: path, errno: errno) }
    defer { close(descriptor) }
    // Some network file systems cannot do this for folders, and do not need it.
    if fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
      throw Failure.cannotWrite("bring the folder to the disk", path: path, errno: errno)
    }
  }

  /// Writes a small file so that a reader sees the old text or the new one, never a part: a temporary file next to it,
  /// `fsync`, rename. On an error the old file is untouched and no temporary file is left.
  package static func replace(_ path: String, with text: String) throws {
    try replace(path) { temporary in
      let file = try OutputFile(path: temporary)
      try file.write(text)
      _ = try file.finish()
    }
  }

  /// The same for a file of any kind and size: `write` is given the temporary path and brings the file to the disk.
  package static func replace<Result>(_ path: String, write: (_ temporary: String) throws -> Result) throws -> Result {
    let temporary = "\(path).partial-\(getpid())"
    let result: Result
    do {
      result = try write(temporary)
      if rename(temporary, path) != 0 { throw Failure.cannotWrite("replace the file", path: path, errno: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    let folder = (path as NSString).deletingLastPathComponent
    try synchronizeFolder(folder.isEmpty ? "." : folder)
    return result
  }
}
