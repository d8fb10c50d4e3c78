import Foundation

/// Programs that come first in `PATH`, in the place of mpirun, ssh and batch systems, for a script of this package.
///
/// Each notes how it was called. `$STAND_INS` is their folder, for what else a test has them write.
package struct StandIns {
  package let folder: TemporaryFolder

  /// - Parameter programs: what each does, in bash.
  package init(_ programs: [String: String]) throws {
    folder = try TemporaryFolder()
    for (name, body) in programs {
      let note = #"printf '%s\n' "${0##*/} $*" >> "$STAND_INS/calls""#
      try "#!/bin/bash\n\(note)\n\(body)\n".write(toFile: folder.file(name), atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.file(name))
    }
  }

  /// A line for each call: name and arguments.
  package var calls: [String] { folder.text("calls").split(separator: "\n").map(String.init) }
  package func calls(of name: String) -> [String] { calls.filter { $0.hasPrefix(name + " ") } }

  /// The root of this package.
  package static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  /// Runs a line of bash, with the arguments as `$@`, to its end: in the package's root, or in `directory`.
  package func bash(
    _ line: String, _ arguments: [String] = [], in directory: String = root, _ environment: [String: String] = [:]
  ) throws -> LaunchResult {
    var all = environment
    all["PATH"] = folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
    all["STAND_INS"] = folder.path
    // A thread count in the test's own environment would be a user's choice.
    let unset = environment["OMP_NUM_THREADS"] == nil ? "unset OMP_NUM_THREADS; " : ""
    return try Launch.run(
      "/bin/bash", ["-c", "\(unset)cd '\(directory)' && { \(line)\n}", "bash"] + arguments, ranks: nil,
      environment: all, limit: 60)
  }

  /// Runs a script of the package, such as `launch/hosts`.
  package func call(
    _ script: String, _ arguments: [String], in directory: String = root, _ environment: [String: String] = [:]
  ) throws -> LaunchResult {
    let path = directory == Self.root ? script : Self.root + "/" + script
    return try bash("'\(path)' \"$@\"", arguments, in: directory, environment)
  }
}
