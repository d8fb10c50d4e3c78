import Foundation

extension Failure {
  /// A failed system call on an output, as `.cannotWrite` with the system's own words and what to do about it.
  ///
  /// `code` is `errno` right after the call; `action` completes "cannot ...".
  public static func cannotWrite(_ action: String, path: String, errno code: Int32) -> Failure {
    Failure(.cannotWrite, "cannot \(action): \(systemMessage(code))", at: path, remedy: remedy(code))
  }

  /// A failed system call on an input, as `.data`.
  public static func cannotRead(_ action: String, path: String, errno code: Int32) -> Failure {
    Failure(.data, "cannot \(action): \(systemMessage(code))", at: path)
  }

  private static func systemMessage(_ code: Int32) -> String { "\(String(cString: strerror(code))) (errno \(code))" }

  private static func remedy(_ code: Int32) -> String {
    switch code {
    case ENOSPC, EDQUOT:
      "free some space or quota there, or choose another folder with \(option: "out"), and launch again"
    case EACCES, EPERM, EROFS: "choose a folder with \(option: "out") that this user can write to"
    case ENOTDIR: "a part of the path is a file: choose another folder with \(option: "out")"
    case ENOENT: "create the folder above it, or choose another one with \(option: "out")"
    case EFBIG: "raise the limit on file sizes (ulimit -f), or choose another file system with \(option: "out")"
    default:
      "check the disk or file server that holds it, or choose another folder with \(option: "out"), and launch again"
    }
  }
}

/// The `errno` inside one of Foundation's errors.
package func systemError(_ error: any Error) -> Int32 {
  let outer = error as NSError
  let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError ?? outer
  return inner.domain == NSPOSIXErrorDomain ? Int32(inner.code) : EIO
}
