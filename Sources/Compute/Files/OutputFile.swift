import Diagnostics
import FileSystem
import Foundation

/// A file being written: every byte arrives or an error is thrown, and `finish` returns when the disk has it.
///
/// It appears whole or not at all: the bytes go to a temporary file next to it, which takes the name in `finish`. Until
/// then an old file is as it was, and without `finish` it stays so. Where the path is that of a device or a pipe, such
/// as `/dev/null` and `/dev/stdout`, the bytes go straight there.
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

  /// As the caller named it.
  package let path: String
  package private(set) var bytes = 0
  private let hash: SHA256
  private var descriptor: Int32
  private let ownsDescriptor: Bool
  /// nil where the bytes go straight to the file.
  private var temporary: TemporaryFile?

  /// Begins a file that someone asked for. A symbolic link stays, and the file that it stands for is replaced; what
  /// commands that were killed have left in that folder goes.
  ///
  /// - Parameter option: the one that names the file, for messages.
  package convenience init(path: String, option: String = "out") throws {
    if let open = try DirectOutput.open(path, option: option) {
      try self.init(path, open, nil)
    } else {
      let target = try Disk.followingLinks(path)
      TemporaryFile.sweep(TemporaryFile.folder(of: target), isOurs: false)
      let temporary = try TemporaryFile(for: target, named: path, option: option)
      try self.init(path, temporary.descriptor, temporary)
      InterruptedOutput.begin(temporary.path)
    }
  }

  /// Begins a file whose name is our own: a symbolic link in its place is replaced.
  package convenience init(owned path: String) throws {
    let temporary = try TemporaryFile(for: path, named: path)
    try self.init(path, temporary.descriptor, temporary)
  }

  /// Makes a file that must not be there yet, in a folder that will get its name as a whole.
  package convenience init(new path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure.cannotWrite("create the file", path: path, errno: errno) }
    try self.init(path, descriptor, nil)
  }

  private init(_ path: String, _ descriptor: Int32, _ temporary: TemporaryFile?) throws {
    hash = try SHA256()
    self.path = path
    self.descriptor = descriptor
    self.temporary = temporary
    ownsDescriptor = true
  }

  /// Writes to an open handle (a file or a pipe), from its present position; it stays open and must outlive this
  /// object.
  package init(handle: FileHandle, name: String) throws {
    hash = try SHA256()
    path = name
    ownsDescriptor = false
    descriptor = handle.fileDescriptor
  }

  deinit {
    temporary?.remove()
    InterruptedOutput.end(temporary?.path)
    if ownsDescriptor, descriptor >= 0 { close(descriptor) }
  }

  /// Whether the bytes go where this process prints, so that nothing else should be printed there.
  package var isStandardOutput: Bool {
    guard temporary == nil, let own = FileStatus(descriptor: descriptor) else { return false }
    return own.identity == FileStatus(descriptor: STDOUT_FILENO)?.identity
  }

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
  package func synchronize() throws { try Self.synchronize(descriptor, path, mayBePipe: true) }

  /// Brings to the disk what was written to an open file.
  ///
  /// - Parameter mayBePipe: pipes and terminals cannot be synchronised, and say so with EINVAL or EROFS.
  package static func synchronize(_ descriptor: Int32, _ path: String, mayBePipe: Bool) throws {
    if fsync(descriptor) == 0 { return }
    if mayBePipe, [EINVAL, EROFS, ENOTSUP].contains(errno) { return }
    throw Failure.cannotWrite("bring the file to the disk", path: path, errno: errno)
  }

  /// Waits for the disk, closes, gives the file its name, and says what was written. Call once; nothing can be written
  /// afterwards.
  package func finish() throws -> Summary {
    guard descriptor >= 0 else { throw Failure(.defect, "the file is already closed", at: path) }
    try synchronize()
    // While it is open, and so locked: a temporary file that no one holds may be swept.
    try temporary?.takeName()
    InterruptedOutput.end(temporary?.path)
    temporary = nil
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

  /// Writes a small file whose name is our own, so that a reader sees the old text or the new one, never a part. On an
  /// error the old file is untouched and no temporary file is left.
  package static func replace(_ path: String, with text: String) throws {
    let file = try OutputFile(owned: path)
    try file.write(text)
    _ = try file.finish()
  }
}
