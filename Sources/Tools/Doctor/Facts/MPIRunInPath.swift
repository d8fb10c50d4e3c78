import Diagnostics
import Foundation
import Host

/// The `mpirun` that a shell would find first.
package struct MPIRunInPath: Codable, Equatable, Sendable {
  package var path: String
  /// The first line of `mpirun --version`, such as `mpirun (Open MPI) 4.1.4`; nil if it says nothing in time.
  package var version: String?

  package init(path: String, version: String?) { (self.path, self.version) = (path, version) }

  /// nil where there is none.
  static func find(limit: Double = 5) -> MPIRunInPath? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    guard let path = folders.map({ "\($0)/mpirun" }).first(where: FileManager.default.isExecutableFile) else {
      return nil
    }
    return MPIRunInPath(path: path, version: version(of: path, limit: limit))
  }

  private static func version(of path: String, limit: Double) -> String? {
    // Foundation waits for ever for the thread that it needs.
    guard (try? WorkerThread.require(1, to: "ask mpirun")) != nil else { return nil }
    let (process, output) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["--version"]
    (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
    process.standardInput = FileHandle.nullDevice
    // What this rank's own launcher has set is not for another one.
    process.environment = ProcessInfo.processInfo.environment.filter { name, _ in
      !["OMPI_", "PMIX_", "PMI_"].contains { name.hasPrefix($0) } || name.hasPrefix("OMPI_ALLOW_RUN_AS_ROOT")
    }
    guard (try? process.run()) != nil else { return nil }
    defer { if process.isRunning { process.terminate() } }
    let text = words(from: output.fileHandleForReading.fileDescriptor, until: monotonicSeconds() + limit)
    // Hydra writes a heading, and then its version.
    let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard let first = lines.first else { return nil }
    let isHeading = first.hasSuffix(":") && lines.count > 1
    return isHeading ? "\(first) \(lines[1].split(whereSeparator: \.isWhitespace).joined(separator: " "))" : first
  }

  /// All that is written until then; a child that hangs, and keeps the pipe open, is not waited for.
  private static func words(from file: Int32, until end: Double) -> String {
    var (text, buffer) = (Data(), [UInt8](repeating: 0, count: 4096))
    while true {
      var request = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
      let left = end - monotonicSeconds()
      guard left > 0, poll(&request, 1, Int32(1e3 * left) + 1) > 0 else { break }
      let count = read(file, &buffer, buffer.count)
      guard count > 0 else { break }
      text += buffer[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// What is wrong with it for this library.
  package static func finding(_ found: MPIRunInPath?, library: String, isLaunched: Bool, host: String) -> Finding? {
    guard let found else {
      guard !isLaunched else { return nil }
      return Finding(
        .mpi, .note, "no mpirun in PATH", at: host, expected: "that of \(library)",
        remedy: "launch/setup installs it (openmpi-bin); inside a Slurm job, srun --mpi=pmix needs none")
    }
    // "mpirun (Open MPI) 4.1.4" and "Open MPI 4.1.4".
    let name = found.version?.replacingOccurrences(of: "mpirun (Open MPI)", with: "Open MPI") ?? "?"
    guard name != library else { return nil }
    let message = found.version == nil ? "does not say what it belongs to" : "belongs to another MPI"
    return Finding(
      .mpi, .warning, "the first mpirun in PATH \(message)", at: "\(host), \(found.path)",
      expected: library, found: found.version ?? "no answer to mpirun --version", remedy: LibraryRules.sameMPI(library))
  }
}
