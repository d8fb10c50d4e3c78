import Diagnostics
import Foundation

/// The system's lock on a file: it belongs to the open file, ends with its process however that ends, and NFS forwards it to
/// the server.
enum KernelLock {
  enum Outcome {
    case taken
    case heldByAnother
    /// The file system has no locks.
    case unavailable
  }

  /// Tries to take the lock of the whole file; does not wait.
  static func take(_ descriptor: Int32, path: String) throws -> Outcome {
    var range = flock()
    (range.l_type, range.l_whence) = (Int16(F_WRLCK), Int16(SEEK_SET))
    while fcntl(descriptor, openFileDescriptionSetLock, &range) != 0 {
      switch errno {
      case EINTR: continue
      case EAGAIN, EACCES: return .heldByAnother
      case ENOLCK, ENOSYS, EINVAL, ENOTSUP: return .unavailable
      default: throw Failure.cannotWrite("lock the run folder", path: path, errno: errno)
      }
    }
    return .taken
  }

  /// `F_OFD_SETLK` of Linux's fcntl.h. The older `F_SETLK` is lost when any other descriptor of the file is closed.
  private static let openFileDescriptionSetLock: Int32 = 37
}
