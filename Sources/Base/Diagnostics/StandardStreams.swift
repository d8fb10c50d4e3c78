import Foundation

/// File descriptors 0, 1 and 2, which a program may be started without (`>&-`).
package enum StandardStreams {
  /// Takes the numbers of those that are closed, so that no other file gets them: a log would be written into it. Call
  /// before anything opens a file.
  ///
  /// They are opened for the wrong direction: whoever reads or writes there gets an error, as if they were closed. So a
  /// result that nobody can see is still a failure.
  package static func reserve() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest number that is free: those below it are open.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
