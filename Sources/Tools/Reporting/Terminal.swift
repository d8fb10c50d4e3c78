import Foundation

/// Whether a file descriptor is a terminal that a line can be redrawn on, and how wide it is.
enum Terminal {
  /// Columns of the terminal behind a descriptor; nil when there is none.
  ///
  /// Open MPI gives every rank a pseudo-terminal as standard output, even when `mpirun` itself writes to a pipe or
  /// file: `isatty` alone is then true and the width 0. The width is that of the user's terminal only when there is
  /// one.
  /// Terminals that do not know their width (serial lines) need `COLUMNS`, which does not count under `mpirun`.
  static func width(of descriptor: Int32, environment: [String: String]) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    guard environment["OMPI_COMM_WORLD_SIZE"] == nil, let columns = environment["COLUMNS"].flatMap({ Int($0) }) else {
      return nil
    }
    return columns > 0 ? columns : nil
  }
}
