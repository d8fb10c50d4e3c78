import Foundation

/// What the system knows of a file.
package struct FileStatus: Sendable, Equatable {
  package enum Kind: Sendable {
    case file
    case folder
    /// A device, a pipe, a socket.
    case other
  }

  package var kind: Kind
  package var bytes: Int
  /// The bits of `chmod`.
  package var permissions: mode_t
  package var identity: FileIdentity

  package init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    default: kind = .other
    }
    bytes = Int(status.st_size)
    permissions = status.st_mode & 0o7777
    identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  /// Of an open file; nil for a descriptor that is none.
  package init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// What two paths have in common that are one file: by another spelling, a symbolic link or a hard link.
package struct FileIdentity: Sendable, Hashable {
  package var device: UInt64
  package var inode: UInt64
}
