import Diagnostics
import Files
import Foundation

/// Appends one JSON object for each start to `launches.jsonl`, before the first step.
///
/// Lines are only added, never cut: a launch that goes back before an earlier one takes over the steps from its own
/// first one on, so that for a step the last line counts whose `first_step` is not after it. Earlier lines stay
/// readable as the history of the run. Every error is a `Failure(.cannotWrite)` with the path, and ends the run.
package final class LaunchFile {
  package let path: String

  package init(path: String) { self.path = path }

  package func append(_ launch: LaunchRecord) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure.cannotWrite("open the file", path: path, errno: errno) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    let output = try OutputFile(handle: handle, name: path)
    try output.write((endsInMidLine(descriptor) ? "\n" : "") + (try launch.json()) + "\n")
    try output.synchronize()
    try? handle.close()
  }

  /// Whether a host that crashed has left part of a line.
  private func endsInMidLine(_ descriptor: Int32) -> Bool {
    let end = lseek(descriptor, 0, SEEK_END)
    var last: UInt8 = 0
    return end > 0 && pread(descriptor, &last, 1, end - 1) == 1 && last != UInt8(ascii: "\n")
  }
}
