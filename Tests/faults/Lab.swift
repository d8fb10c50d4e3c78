import Diagnostics
import Foundation
import Synchronization
import TestSupport
import Testing

/// The hosts `lab1`, `lab2`, … of a `launch/lab` of its own.
///
/// A keeper takes them down, at the end of `with` or when this process is gone, however it ended.
final class Lab: Sendable {
  static let isInstalled = found(["ip", "tc", "nft", "unshare", "nsenter", "ssh", "sshd"])
  /// Containers may forbid namespaces even to root.
  static let isAvailable =
    isInstalled && geteuid() == 0
    && (try? Launch.run("/bin/sh", ["-c", "unshare --net --mount --pid --fork true"], ranks: nil).code) == 0
  static let needs: Comment = "hosts on this machine need root, namespaces and the packages of: launch/lab install"
  static let hasSlurm = isAvailable && found(["munged", "slurmctld", "slurmd", "srun"])

  /// The repository's root.
  static let repository = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
  private static let script = repository + "/launch/lab"
  private static let keeping = """
    trap exit TERM
    trap '"$0" down' EXIT
    "$0" up "$@" && while kill -0 $PPID 2> /dev/null; do sleep 0.1; done
    """

  private let folder: TemporaryFolder
  private let keeper: Launch
  private var environment: [String: String] { ["BT_DIST_LAB": folder.file("lab")] }

  /// Starts a lab, and ends it after `body`, also when that fails.
  static func with(_ body: (Lab) throws -> Void) throws {
    let lab = try Lab()
    defer { lab.end() }
    try body(lab)
  }

  /// A lab with a real Slurm, for one test at a time. Since Slurm takes seconds to start, the lab stays for the next test,
  /// which has to find it without jobs, and ends with this process.
  static func withSlurm(_ body: (Lab) throws -> Void) throws {
    try slurm.withLock { kept in
      if kept == nil {
        kept = try Lab(["--slurm"])
        atexit {
          Lab.slurm.withLock { kept in
            kept?.end()
            kept = nil
          }
        }
      }
      if let lab = kept { try body(lab) }
    }
  }

  private static let slurm = Mutex<Lab?>(nil)

  private init(_ options: [String] = []) throws {
    folder = try TemporaryFolder()
    let path = folder.file("lab")
    keeper = try Launch(
      "/bin/bash", ["-c", Self.keeping, Self.script] + options, ranks: nil, environment: ["BT_DIST_LAB": path])
    if !keeper.wait(until: { keeper.output.contains("up: ") }) {
      end()
      throw Failure(.defect, "the lab does not start: \(keeper.output) \(keeper.errors)", at: path)
    }
  }

  private func end() {
    keeper.send(signal: SIGTERM)
    do { _ = try keeper.finish(limit: 60) } catch { Issue.record(error) }
  }

  /// Starts `bt-dist` on ranks of the hosts, one a host; or on two ranks of one host.
  func start(_ arguments: [String], only host: String? = nil) throws -> Launch {
    try launch(
      ["mpirun", "-x", "BT_DIST_CACHE", "-x", "OMP_NUM_THREADS"] + (host.map { ["--host", "\($0):2"] } ?? [])
        + ["-np", "2", try RankCall("bt-dist", []).path] + arguments)
  }

  /// A subcommand of `launch/lab`, such as `power lab2 off`.
  func callAsFunction(_ arguments: String...) throws {
    let result = try launch(arguments).finish(limit: 90)
    try #require(result.code == 0, "\(result.text)")
  }

  /// Runs a command on a host.
  func run(_ host: String, _ command: [String], limit: Double = 60) throws -> LaunchResult {
    try launch(["run", host] + command).finish(limit: limit)
  }

  private func launch(_ arguments: [String]) throws -> Launch {
    try Launch(Self.script, arguments, ranks: nil, environment: environment)
  }

  private static func found(_ programs: [String]) -> Bool {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
    return programs.allSatisfy { program in
      path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }
  }
}
