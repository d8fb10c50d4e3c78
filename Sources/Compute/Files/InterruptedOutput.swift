import Foundation

/// Removes the temporary file of a command that a signal ends, before the signal does so.
package enum InterruptedOutput {
  /// The path of the file that is being written, ended by a zero.
  nonisolated(unsafe) private static let path = {
    let path = UnsafeMutablePointer<CChar>.allocate(capacity: Int(PATH_MAX))
    path.initialize(repeating: 0, count: Int(PATH_MAX))
    return path
  }()

  /// One at a time; there is no second one in a command.
  static func begin(_ temporary: String) {
    temporary.withCString { text in
      guard strlen(text) < Int(PATH_MAX), path[0] == 0, text[0] != 0 else { return }
      // The first byte last: a signal may come in between.
      strcpy(path + 1, text + 1)
      path[0] = text[0]
    }
  }

  /// The file has its name, or is gone.
  static func end(_ temporary: String?) {
    if let temporary, temporary == String(cString: path) { path[0] = 0 }
  }

  /// From here on the signals that end a process first remove the file. For commands that do not end in order.
  package static func removeOnSignals() {
    path[0] = 0
    for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU] {
      var (action, old) = (sigaction(), sigaction())
      sigaction(number, nil, &old)
      if unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        continue
      }
      action.__sigaction_handler.sa_handler = { number in
        if InterruptedOutput.path[0] != 0 { unlink(InterruptedOutput.path) }
        raise(number)
      }
      // Raised again, it meets the system's own action.
      action.sa_flags = Int32(truncatingIfNeeded: SA_RESETHAND)
      sigaction(number, &action, nil)
    }
  }
}
