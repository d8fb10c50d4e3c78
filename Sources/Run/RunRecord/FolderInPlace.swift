import Diagnostics
import FileSystem
import Foundation

/// The folder that a launch writes into, known by what it is and not only by its name.
///
/// A run folder that is renamed, removed or exchanged while the run trains would otherwise be made again under the old name,
/// and each would have half of the run.
package final class FolderInPlace: Sendable {
  private let path: String
  /// Does not open the folder for reading: it only keeps hold of it.
  private let descriptor: Int32
  /// `O_PATH` of Linux's fcntl.h, which Swift does not see.
  private static let pathOnly: Int32 = 0o10000000

  /// Takes hold of a folder that exists.
  package init(_ path: String) throws {
    self.path = path
    descriptor = open(path, Self.pathOnly | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { throw Failure.cannotWrite("open the run folder", path: path, errno: errno) }
  }

  deinit { close(descriptor) }

  /// Throws `Failure(.cannotWrite)`, with the folder's present place, unless the path still names it.
  ///
  /// A disk or file server that does not answer is no reason to end: that comes up where the run writes.
  package func check() throws {
    guard let held = FileIdentity(descriptor) else { return }
    let named = FileIdentity(path: path)
    if named == held || (named == nil && ![ENOENT, ENOTDIR].contains(errno)) { return }
    let now = presentPlace
    throw Failure(
      .cannotWrite, "the run folder was \(now == nil ? "removed" : "renamed") while the run trains", at: path,
      expected: "the folder that this launch began in",
      found: (now.map { "that is \($0) now" } ?? "that is gone") + (named == nil ? "" : ", and another has its name"),
      remedy: now.map { "launch again with \(option: "out") \($0), to resume from its newest checkpoint" }
        ?? "bring it back from a copy and launch again to resume, or launch again to start anew")
  }

  /// Where the system says that the folder is; nil where it has been removed, or that is not known.
  private var presentPlace: String? {
    let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    guard let place, FileIdentity(path: place) == FileIdentity(descriptor) else { return nil }
    return place
  }
}
