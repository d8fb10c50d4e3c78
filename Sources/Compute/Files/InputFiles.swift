import Diagnostics
import FileSystem

/// The files that a command reads: none of its outputs may take the place of one.
package struct InputFiles {
  private var paths: [FileIdentity: String] = [:]

  /// - Parameter paths: those that are not there, or no files, do not count.
  package init(_ paths: [String]) {
    for path in paths {
      guard let status = try? Disk.status(of: path), status.kind == .file else { continue }
      self.paths[status.identity] = path
    }
  }

  /// Throws `Failure(.usage)` where an output is one of the files, by whatever path or link.
  package func refuse(_ output: String, option: String = "out") throws(Failure) {
    guard let status = try? Disk.status(of: output), let input = paths[status.identity] else { return }
    throw Failure(
      .usage, "the output would destroy a file that is read or belongs to a run", at: output,
      expected: "a file of its own", found: input == output ? nil : "the same file as \(input)",
      remedy: "choose another \(option: option)")
  }
}
