import Foundation
import Training

/// Chooses how a run is shown to people.
public enum ConsoleObserver {
  /// A progress bar if one is wanted and `handle` is a terminal that can redraw a line, plain lines otherwise.
  public static func make(
    _ handle: FileHandle = .standardOutput, wantsBar: Bool = true,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> any Callback {
    let isDumb = environment["TERM"] == "dumb"
    if !wantsBar || isDumb || Terminal.width(of: handle.fileDescriptor, environment: environment) == nil {
      return PlainLog(handle)
    }
    return ProgressBar(handle, environment: environment)
  }
}
