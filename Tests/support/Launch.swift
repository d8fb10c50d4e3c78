import Diagnostics
import Foundation

/// What a program that a test started has left behind.
public struct LaunchResult: Sendable {
  public let code: Int32
  public let output: String
  public let errors: String
  /// Both streams, for messages of failed expectations.
  public var text: String { "exit \(code)\n\(output)\n\(errors)" }
}

/// A program of this package, alone or under a real `mpirun`. Tests never call `MPI_Init` themselves.
public final class Launch {
  private let process = Process()
  private let folder: TemporaryFolder

  /// Starts `program` (`bt-dist`, `rank-probe`) on `ranks` ranks; nil: without `mpirun`.
  public init(
    _ program: String, _ arguments: [String], ranks: Int?, environment: [String: String] = [:], threads: Int = 1
  ) throws {
    folder = try TemporaryFolder()
    let path = Self.productFolder + "/" + program
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw Failure(.defect, "the program was not built", at: path, remedy: "start the tests with launch/test")
    }
    if let ranks {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments =
        [
          "mpirun", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", "-np", "\(ranks)",
          path,
        ] + arguments
    } else {
      process.executableURL = URL(fileURLWithPath: path)
      process.arguments = arguments
    }
    var all = ProcessInfo.processInfo.environment
    all["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    all["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    all["OMP_NUM_THREADS"] = "\(threads)"
    process.environment = all.merging(environment) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    // Files, not pipes: nobody has to read while the program runs.
    for name in ["output", "errors"] { _ = FileManager.default.createFile(atPath: folder.file(name), contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("output")))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("errors")))
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  public var identifier: Int32 { process.processIdentifier }
  public func send(signal number: Int32) { kill(process.processIdentifier, number) }

  /// What the program has printed so far.
  public var output: String { folder.text("output") }

  /// Waits for the end. A program that runs for longer than `limit` seconds is killed, and that is a failure.
  public func finish(limit: Double = 120) throws -> LaunchResult {
    let deadline = Date(timeIntervalSinceNow: limit)
    while process.isRunning && Date() < deadline { usleep(20_000) }
    if process.isRunning {
      process.terminate()
      usleep(3_000_000)
      if process.isRunning { send(signal: SIGKILL) }
      throw Failure(
        .defect, "the program hangs", at: process.arguments?.joined(separator: " "),
        expected: "an end within \(limit) s",
        found: folder.text("output") + folder.text("errors"))
    }
    return LaunchResult(code: process.terminationStatus, output: folder.text("output"), errors: folder.text("errors"))
  }

  /// Runs to the end.
  public static func run(
    _ program: String, _ arguments: [String], ranks: Int?, environment: [String: String] = [:], threads: Int = 1,
    limit: Double = 120
  ) throws -> LaunchResult {
    try Launch(program, arguments, ranks: ranks, environment: environment, threads: threads).finish(limit: limit)
  }

  /// Where the package's programs lie: beside the test program.
  static var productFolder: String {
    URL(fileURLWithPath: CommandLine.arguments[0]).standardizedFileURL.deletingLastPathComponent().path
  }
}
