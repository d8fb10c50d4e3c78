import Diagnostics
import FileSystem
import Files
import Foundation

/// A file to which whole lines are appended, even while the disk does not take them for a time.
///
/// What cannot be written is kept in memory and written later, in order; a part of a line that did get there is taken
/// back. So the file holds whole lines, each once, unless the process is killed in the middle of a write.
final class LineFile {
  private let path: String
  private var handle: FileHandle
  /// Bytes of the file that are whole lines.
  private var length: Int
  private var pending: [UInt8] = []
  /// Why the last try failed; nil while the disk takes everything.
  private(set) var failure: Failure?

  /// Opens the file to append to it; makes it if it is missing.
  init(path: String) throws {
    self.path = path
    handle = try Self.open(path)
    length = Self.bytes(of: handle)
  }

  private static func open(_ path: String) throws -> FileHandle {
    let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure.cannotWrite("open the file", path: path, errno: errno) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  private static func bytes(of handle: FileHandle) -> Int { Int(lseek(handle.fileDescriptor, 0, SEEK_END)) }

  /// What somebody else has done to the file.
  enum Change: String {
    /// Its name is gone, or that of another file.
    case removed
    case cut
  }

  /// Looks whether the path still names the file and has all that was written; what follows goes to the file that is there
  /// now, or to a new one.
  func findChange() throws -> Change? {
    let named = FileIdentity(path: path)
    if named == nil && errno != ENOENT { return nil }
    if named != FileIdentity(handle.fileDescriptor) {
      handle = try Self.open(path)
      length = Self.bytes(of: handle)
      return .removed
    }
    let present = Self.bytes(of: handle)
    guard present < length else { return nil }
    length = present
    if endsInMidLine { pending.insert(UInt8(ascii: "\n"), at: 0) }
    return .cut
  }

  private var endsInMidLine: Bool {
    var last: UInt8 = 0
    guard length > 0, let file = try? InputFile(path: path) else { return false }
    let isRead = (try? withUnsafeMutableBytes(of: &last) { try file.read(at: length - 1, into: $0) }) != nil
    return isRead && last != UInt8(ascii: "\n")
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
