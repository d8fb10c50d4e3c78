import Diagnostics
import Foundation

/// System calls on files and folders: every failure has the reason that the system gave (`errno`), and a remedy for it.
///
/// Foundation's calls lose the reason. What reads throws `Failure(.data)`, what writes `Failure(.cannotWrite)`, at the
/// path that the system refused.
package enum Disk {
  /// Makes a folder, and those above it that are missing; one that is there is fine.
  package static func makeFolder(_ path: String) throws(Failure) {
    if mkdir(path, 0o777) == 0 { return }
    var reason = errno
    let above = (path as NSString).deletingLastPathComponent
    if reason == ENOENT, !above.isEmpty, above != path {
      try makeFolder(above)
      if mkdir(path, 0o777) == 0 { return }
      reason = errno
    }
    if reason == EEXIST {
      var status = stat()
      if stat(path, &status) == 0 {
        if status.st_mode & S_IFMT == S_IFDIR { return }
      } else if errno != ENOENT {
        reason = errno
      }
    }
    throw Failure.cannotWrite("create the folder", path: path, errno: reason)
  }

  /// Makes a folder that must not be there yet, not even as a symbolic link.
  package static func makeNewFolder(_ path: String) throws(Failure) {
    if mkdir(path, 0o777) != 0 { throw Failure.cannotWrite("create the folder", path: path, errno: errno) }
  }

  /// Gives a file or a folder another name, and takes the place of a file that has it.
  package static func rename(_ path: String, to new: String) throws(Failure) {
    guard Foundation.rename(path, new) == 0 else {
      throw Failure.cannotWrite("give \((path as NSString).lastPathComponent) its name", path: new, errno: errno)
    }
  }

  /// Removes a file, a link or a folder with all that is in it; does nothing if there is none. Follows no links.
  package static func remove(_ path: String) throws(Failure) { try remove(path, in: AT_FDCWD, path) }

  /// - Parameter path: for messages.
  private static func remove(_ name: String, in folder: Int32, _ path: String) throws(Failure) {
    if unlinkat(folder, name, 0) == 0 || errno == ENOENT || errno == ENOTDIR { return }
    guard errno == EISDIR else { throw Failure.cannotWrite("remove the file", path: path, errno: errno) }
    let descriptor = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    if descriptor < 0 { throw Failure.cannotWrite("open the folder", path: path, errno: errno) }
    defer { close(descriptor) }
    for name in try names(inOpen: dup(descriptor), path) { try remove(name, in: descriptor, "\(path)/\(name)") }
    guard unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
      throw Failure.cannotWrite("remove the folder", path: path, errno: errno)
    }
  }

  /// The names in a folder, in no order, without `.` and `..`.
  package static func names(in folder: String) throws(Failure) -> [String] {
    try names(inOpen: open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), folder)
  }

  /// - Parameter descriptor: of a folder; negative if opening it has just failed. Is closed.
  private static func names(inOpen descriptor: Int32, _ path: String) throws(Failure) -> [String] {
    guard descriptor >= 0, let stream = fdopendir(descriptor) else {
      let reason = errno
      if descriptor >= 0 { close(descriptor) }
      throw Failure.cannotRead("list the folder", path: path, errno: reason)
    }
    defer { closedir(stream) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    if errno != 0 { throw Failure.cannotRead("list the folder", path: path, errno: errno) }
    return names
  }

  /// All bytes of a file. A pipe or a device is an error: it may have no end.
  package static func contents(of path: String) throws(Failure) -> Data {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw Failure.cannotRead("open the file", path: path, errno: errno) }
    defer { close(descriptor) }
    var found = stat()
    guard fstat(descriptor, &found) == 0, [S_IFREG, S_IFDIR].contains(found.st_mode & S_IFMT) else {
      throw Failure(.data, "not a regular file", at: path)
    }
    var (contents, piece) = (Data(), [UInt8](repeating: 0, count: 1 << 16))
    while true {
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { throw Failure.cannotRead("read the file", path: path, errno: errno) }
      if count == 0 { return contents }
      contents.append(contentsOf: piece[..<count])
    }
  }

  /// The same, or nil where there is no such file; any other reason is thrown.
  package static func contentsIfThere(_ path: String) throws(Failure) -> Data? {
    try status(of: path) == nil ? nil : contents(of: path)
  }

  /// What is at a path, behind symbolic links; nil for nothing. A reason not to know is thrown.
  package static func status(of path: String) throws(Failure) -> FileStatus? {
    var status = stat()
    if stat(path, &status) == 0 { return FileStatus(status) }
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw Failure.cannotRead("look at the file", path: path, errno: errno)
  }

  /// Whether there is something at a path, as far as this user can tell.
  package static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The path of the file that is meant where `path` is a symbolic link, or a chain of them, whether or not it is there.
  package static func followingLinks(_ path: String) throws(Failure) -> String {
    var path = path
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    for _ in 0..<40 {
      let count = readlink(path, &buffer, Int(PATH_MAX))
      if count < 0 { return path }
      let target = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let folder = (path as NSString).deletingLastPathComponent
      path = target.hasPrefix("/") || folder.isEmpty ? target : "\(folder)/\(target)"
    }
    throw Failure.cannotWrite("follow the symbolic links", path: path, errno: ELOOP)
  }
}
