import Diagnostics
import Foundation

/// What a program that a test started has left behind.
package struct LaunchResult: Sendable {
  package let code: Int32
  package let output: String
  package let errors: String
  /// Both streams, for messages of failed expectations.
  package var text: String { "exit \(code)\n\(output)\n\(errors)" }
}

/// A program of this package, alone or under a real `mpirun`. Tests never call `MPI_Init` themselves.
package final class Launch: Sendable {
  private let process = Process()
  private let folder: TemporaryFolder

  /// Starts `program` (`bt-dist`, `rank-probe`) on `ranks` ranks; nil: without `mpirun`.
  ///
  /// - Parameter folders: each rank's working folder; empty: a temporary one, the same for all.
  /// - Parameter blocksSignals: starts the program with signals blocked, as a thread of a scheduler might.
  package convenience init(
    _ program: String, _ arguments: [String], ranks: Int?, environment: [String: String] = [:], threads: Int = 1,
    folders: [String] = [], blocksSignals: Bool = false
  ) throws {
    if let ranks {
      let calls =
        folders.isEmpty
        ? [RankCall(program, arguments, ranks: ranks)] : folders.map { RankCall(program, arguments, folder: $0) }
      try self.init(calls, environment: environment, threads: threads, blocksSignals: blocksSignals)
    } else {
      let call = RankCall(program, arguments)
      try self.init(
        executable: try call.path, arguments, environment: environment, threads: threads, blocksSignals: blocksSignals)
    }
  }

  /// Starts one job whose ranks may be called differently, under `mpirun`.
  package convenience init(
    _ calls: [RankCall], environment: [String: String] = [:], threads: Int = 1, blocksSignals: Bool = false
  ) throws {
    let options = ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
    let contexts = try calls.map { try $0.context }.joined(separator: [":"])
    try self.init(
      executable: "/usr/bin/env", ["mpirun"] + options + contexts, environment: environment, threads: threads,
      blocksSignals: blocksSignals)
  }

  private init(
    executable: String, _ arguments: [String], environment: [String: String], threads: Int, blocksSignals: Bool
  ) throws {
    folder = try TemporaryFolder()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    var all = ProcessInfo.processInfo.environment
    all["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
    all["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    all["OMP_NUM_THREADS"] = "\(threads)"
    // mpirun waits this long, twice, before a failed job is over; a test that sends it SIGTERM needs a second.
    all["OMPI_MCA_odls_base_sigkill_timeout"] = "0"
    all.merge(Self.quickStart) { given, _ in given }
    // What tests measure of kernels on a busy machine is not for others.
    all["BT_DIST_CACHE"] = ""
    process.environment = all.merging(environment) { $1 }
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    // Files, not pipes: no one has to read while the program runs.
    for name in ["output", "errors"] { _ = FileManager.default.createFile(atPath: folder.file(name), contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("output")))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("errors")))
    process.standardInput = FileHandle.nullDevice
    try Self.withSignals(blocked: blocksSignals) { try process.run() }
  }

  /// Variables that save half a second of Open MPI's start: it would try networks and processors that one host's ranks
  /// do not use. The environment's own, and those that a test gives, come first.
  private static let quickStart = [
    "OMPI_MCA_pml": "ob1", "OMPI_MCA_btl": "vader,tcp,self", "HWLOC_PLUGINS_PATH": "/nowhere",
  ]

  /// Children inherit what their thread blocks, and Dispatch's threads, on which tests run, block all signals.
  private static func withSignals(blocked: Bool, _ body: () throws -> Void) rethrows {
    var (wanted, before) = (sigset_t(), sigset_t())
    if blocked { sigfillset(&wanted) } else { sigemptyset(&wanted) }
    pthread_sigmask(SIG_SETMASK, &wanted, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }

  package var identifier: Int32 { process.processIdentifier }
  package var isRunning: Bool { process.isRunning }
  package func send(signal number: Int32) { kill(process.processIdentifier, number) }

  /// Signals one rank behind `mpirun`'s back, as a batch system or a user would.
  package func send(signal number: Int32, toRank rank: Int) throws { kill(try process(ofRank: rank), number) }

  /// The process of a rank of this `mpirun`.
  package func process(ofRank rank: Int) throws -> Int32 {
    try Self.process(ofRank: rank) { [identifier] in $0.parent == identifier }
  }

  /// The process of a rank whose command line has this argument, whoever started it.
  package static func process(ofRank rank: Int, calledWith argument: String) throws -> Int32 {
    try process(ofRank: rank) {
      let words = FileManager.default.contents(atPath: "/proc/\($0.child)/cmdline") ?? Data()
      return words.split(separator: 0).contains(Data(argument.utf8))
    }
  }

  private static func process(
    ofRank rank: Int, where isMeant: ((child: Int32, parent: Int32)) -> Bool
  ) throws -> Int32 {
    let children = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    for child in children.compactMap({ Int32($0) }) {
      guard let parent = try? parent(of: child), isMeant((child, parent)) else { continue }
      let environment = FileManager.default.contents(atPath: "/proc/\(child)/environ") ?? Data()
      if environment.split(separator: 0).contains(Data("OMPI_COMM_WORLD_RANK=\(rank)".utf8)) {
        return child
      }
    }
    throw Failure(.defect, "there is no process of rank \(rank)")
  }

  /// The process that started a process, such as the `mpirun` of a rank.
  package static func parent(of process: Int32) throws -> Int32 {
    let status = String(
      decoding: FileManager.default.contents(atPath: "/proc/\(process)/stat") ?? Data(), as: UTF8.self)
    // pid (name) state parent …
    guard let rest = status.split(separator: ")").last?.split(separator: " "), rest.count > 1,
      let parent = Int32(rest[1])
    else { throw Failure(.defect, "there is no process \(process)") }
    return parent
  }

  /// Waits until `condition` holds; false if the program ends before, or after `limit` seconds.
  package func wait(limit: Double = 60, until condition: () -> Bool) -> Bool {
    let deadline = Date(timeIntervalSinceNow: limit)
    while Date() < deadline {
      if condition() { return true }
      if !process.isRunning { return false }
      usleep(10_000)
    }
    return false
  }

  /// What the program has printed so far.
  package var output: String { folder.text("output") }
  package var errors: String { folder.text("errors") }

  /// Waits for the end. A program that runs for longer than `limit` seconds is killed, and that is a failure.
  package func finish(limit: Double = 120) throws -> LaunchResult {
    let deadline = Date(timeIntervalSinceNow: limit)
    while process.isRunning && Date() < deadline { usleep(3_000) }
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
  package static func run(
    _ program: String, _ arguments: [String], ranks: Int?, environment: [String: String] = [:], threads: Int = 1,
    folders: [String] = [], limit: Double = 120
  ) throws -> LaunchResult {
    try Launch(
      program, arguments, ranks: ranks, environment: environment, threads: threads, folders: folders
    ).finish(limit: limit)
  }

  /// Runs one job whose ranks may be called differently to the end.
  package static func run(_ calls: [RankCall], threads: Int = 1, limit: Double = 120) throws -> LaunchResult {
    try Launch(calls, threads: threads).finish(limit: limit)
  }
}
