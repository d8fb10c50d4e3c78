import Foundation

extension Failure {
  /// A failed system call on an output, as `.cannotWrite` with the system's own words and what to do about it.
  ///
  /// `code` is `errno` right after the call; `action` completes "cannot ...".
  ///
  /// - Parameter option: the one that chooses another place.
  public static func cannotWrite(
    _ action: String, path: String, errno code: Int32, option: String = "out"
  ) -> Failure {
    Failure(
      .cannotWrite, "cannot \(action): \(systemMessage(code))", at: path, remedy: remedy(code, "\(option: option)"))
  }

  /// A failed system call on an input, as `.data`.
  public static func cannotRead(_ action: String, path: String, errno code: Int32) -> Failure {
    Failure(.data, "cannot \(action): \(systemMessage(code))", at: path)
  }

  private static func systemMessage(_ code: Int32) -> String { "\(String(cString: strerror(code))) (errno \(code))" }

  /// - Parameter option: as this process spells it.
  private static func remedy(_ code: Int32, _ option: String) -> String {
    switch code {
    case ENOSPC, EDQUOT: "free some space or quota there, or choose another folder with \(option), and launch again"
    case EACCES, EPERM: "choose a folder with \(option) that this user can write to"
    case EROFS: "the file system is mounted for reading only: choose a folder on another one with \(option)"
    case ENOTDIR: "a part of the path is a file: choose another folder with \(option)"
    case EEXIST: "something else has this name: move it away, or choose another name with \(option)"
    case EISDIR: "there is a folder of this name: name a file with \(option)"
    case ELOOP: "a part of the path is a symbolic link that is not followed, or links in a circle: remove it"
    case ENAMETOOLONG: "a name has at most 255 bytes, and a path 4095: choose a shorter one with \(option)"
    case ENOENT: "create the folder above it, or choose another one with \(option)"
    case EFBIG: "raise the limit on file sizes (ulimit -f), or choose another file system with \(option)"
    case ENXIO: "nothing reads from it: choose another file with \(option)"
    default: "check the disk or file server that holds it, or choose another folder with \(option), and launch again"
    }
  }
}

/// The `errno` inside one of Foundation's errors.
package func systemError(_ error: any Error) -> Int32 {
  let outer = error as NSError
  let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError ?? outer
  return inner.domain == NSPOSIXErrorDomain ? Int32(inner.code) : EIO
}
