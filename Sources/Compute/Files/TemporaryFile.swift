import Diagnostics
import FileSystem
import Foundation

/// A file on its way to a name: `.bt-dist-3f0c….partial`, in the folder of the file that it will be.
///
/// Its name cannot be guessed, and nothing that has the name already is opened. While it is written it is locked: so a
/// later command can tell what a killed one has left, also one on another host, and removes it.
struct TemporaryFile {
  let descriptor: Int32
  let path: String
  private let target: String
  private let option: String

  /// - Parameter name: how messages call the target.
  init(for target: String, named name: String, option: String = "out") throws {
    let old = try Disk.status(of: target)
    if old?.kind == .folder { throw Failure.cannotWrite("create the file", path: name, errno: EISDIR, option: option) }
    // The folder alone would let us replace a file that is write-protected.
    if old?.kind == .file, access(target, W_OK) != 0 {
      throw Failure.cannotWrite("write to the file", path: name, errno: errno, option: option)
    }
    self.target = target
    self.option = option
    (path, descriptor) = try Self.create(in: Self.folder(of: target), for: name, option)
    if let old, old.kind == .file { fchmod(descriptor, old.permissions) }
  }

  static func folder(of path: String) -> String { path.parentFolder }

  fileprivate static func create(in folder: String, for name: String, _ option: String) throws -> (String, Int32) {
    while true {
      let digits = String(UInt64.random(in: .min ... .max), radix: 16)
      let path = "\(folder)/\(prefix)\(digits)\(suffix)"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
      if descriptor < 0, errno == EEXIST { continue }
      if descriptor < 0 { throw Failure.cannotWrite("create the file", path: name, errno: errno, option: option) }
      // On a file system without locks nobody else will sweep it.
      let isSwept = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      if !isSwept, access(path, F_OK) == 0 { return (path, descriptor) }
      // In the moment before it was locked.
      unlink(path)
      close(descriptor)
    }
  }

  /// Takes the target's name, and brings that to the disk.
  func takeName() throws {
    guard rename(path, target) == 0 else {
      throw Failure.cannotWrite("replace the file", path: target, errno: errno, option: option)
    }
    try OutputFile.synchronizeFolder(Self.folder(of: target))
  }

  func remove() {
    unlink(path)
  }

  // MARK: Leftovers

  private static let (prefix, suffix) = (".bt-dist-", ".partial")

  /// Whether a file of this name is a temporary one of ours.
  static func isName(_ name: String) -> Bool {
    name.hasPrefix(prefix) && name.hasSuffix(suffix)
      && UInt64(name.dropFirst(prefix.count).dropLast(suffix.count), radix: 16) != nil
  }

  /// Removes from a folder what processes that are gone have left.
  ///
  /// - Parameter isOurs: no other process writes there: also removed where the file system has no locks that could tell.
  static func sweep(_ folder: String, isOurs: Bool) {
    for name in (try? Disk.names(in: folder)) ?? [] where isName(name) {
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      if descriptor < 0 { continue }
      defer { close(descriptor) }
      let isFree = flock(descriptor, LOCK_EX | LOCK_NB) == 0
      if isFree || (isOurs && errno != EWOULDBLOCK) { unlink(path) }
    }
  }
}

extension OutputFile {
  /// Removes the temporary files that killed processes have left in a folder.
  ///
  /// - Parameter isOurs: only this process writes there.
  package static func removeLeftovers(in folder: String, isOurs: Bool) { TemporaryFile.sweep(folder, isOurs: isOurs) }

  /// Throws unless files can be made in a folder.
  package static func requireWritable(_ folder: String) throws {
    let (path, descriptor) = try TemporaryFile.create(in: folder, for: folder, "out")
    unlink(path)
    close(descriptor)
  }
}
