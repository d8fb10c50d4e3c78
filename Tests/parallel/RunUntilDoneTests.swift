import Foundation
import TestSupport
import Testing

/// The wrapper that launches a run until it is done.
@Suite struct RunUntilDoneTests {
  private static let script =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path + "/launch/run-until-done"
  private static let mpirun = ["--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1"]
  private static let options = [
    "--data", "synthetic:12,n=56", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--shards", "2", "--lr-scheduler",
    "none", "--max-epochs", "100000000", "--checkpoint-every-n-steps", "100",
  ]

  private func start(_ out: String, _ train: [String]) throws -> Launch {
    try Launch(
      Self.script, ["--np", "2"] + Self.mpirun + ["--", "--out", out] + Self.options + train, ranks: nil)
  }

  private func log(_ run: RunResult) -> String {
    String(decoding: FileManager.default.contents(atPath: run.path + "/launches.log") ?? Data(), as: UTF8.self)
  }

  /// A rank is killed: the next launch resumes, and gives the bits of a run that was not disturbed.
  @Test func goesOnAfterALostRank() throws {
    let folder = try TemporaryFolder()
    let (run, whole) = (RunResult(folder.file("run")), RunResult(folder.file("whole")))
    let launch = try start(run.path, ["--max-steps", "10000"])
    #expect(launch.wait { (run.checkpoints.last ?? 0) >= 200 }, "\(launch.errors)")
    kill(try Launch.process(ofRank: 1, calledWith: run.path), SIGKILL)
    let result = try launch.finish()
    #expect(result.code == 0, "\(result.text)")
    #expect(
      log(run).contains(/launch 1: exit code 137, a rank was lost: SIGKILL, after \d+ s; newest checkpoint: step \d+/))
    #expect(
      log(run).contains(/launch 2: exit code 0, done, after \d+ s; newest checkpoint: step 10000\n/), "\(log(run))")
    #expect(result.errors.contains("launch 2: ranks: 2, hosts: this one") && !log(run).contains("launch 3"))
    let undisturbed = try Launch.run(
      "bt-dist", ["train", "--out", whole.path, "--max-steps", "10000"] + Self.options, ranks: nil)
    #expect(undisturbed.code == 0, "\(undisturbed.text)")
    #expect(try run.metrics() == whole.metrics() && run.digests(10000) == whole.digests(10000))
  }

  /// Ranks and launchers are killed at random moments, again and again.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["BT_DIST_FAULTS"] == "full"))
  func goesOnAfterManyLosses() throws {
    let folder = try TemporaryFolder()
    let (run, whole) = (RunResult(folder.file("run")), RunResult(folder.file("whole")))
    let steps = ["--max-steps", "30000"]
    let launch = try start(run.path, steps)
    for number in 1...6 {
      let lines = run.lines.count
      #expect(
        launch.wait { launch.errors.contains("launch \(number):") && run.lines.count > lines + 100 }, "\(launch.errors)"
      )
      usleep(.random(in: 0..<200_000))
      guard let rank = try? Launch.process(ofRank: .random(in: 0...1), calledWith: run.path) else { break }
      kill(number % 3 == 0 ? try Launch.parent(of: rank) : rank, SIGKILL)
      guard launch.wait(until: { launch.errors.contains("launch \(number): exit code") }) else { break }
    }
    let result = try launch.finish(limit: 300)
    #expect(result.code == 0 && log(run).components(separatedBy: "SIGKILL").count > 3, "\(result.text)")
    let undisturbed = try Launch.run("bt-dist", ["train", "--out", whole.path] + Self.options + steps, ranks: nil)
    #expect(undisturbed.code == 0, "\(undisturbed.text)")
    #expect(try run.metrics() == whole.metrics() && run.digests(30000) == whole.digests(30000))
  }

  /// A signal to the wrapper ends the run with a checkpoint, and it is not launched again.
  @Test(arguments: [SIGUSR1, SIGTERM]) func aSignalEndsIt(_ number: Int32) throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let launch = try start(run.path, [])
    #expect(launch.wait { run.lines.count >= 20 }, "\(launch.errors)")
    launch.send(signal: number)
    let result = try launch.finish(limit: 30)
    #expect(result.code == 75 && result.output.contains("interrupted by SIGUSR1 at step"), "\(result.text)")
    #expect(log(run).contains("launch 1: exit code 75, interrupted") && !log(run).contains("launch 2"), "\(log(run))")
    #expect(try run.metrics().count == run.checkpoints.last)
  }

  @Test(arguments: [["--lambd", "much"], ["--data", "npy:/nowhere.npy"]])
  func whatWouldFailAgainIsNotRepeated(_ wrong: [String]) throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let result = try start(run.path, wrong).finish()
    #expect(result.code == (wrong[0] == "--lambd" ? 64 : 65), "\(result.text)")
    // Wrong options are refused when bt-dist is asked for the run folder.
    #expect(result.errors.contains("launch 1: exit code 65, ") == (result.code == 65), "\(result.text)")
    #expect(!result.errors.contains("launch 2"))
  }

  /// An option that mpirun does not know.
  @Test func whatMPIRunRefusesIsNotRepeated() throws {
    let folder = try TemporaryFolder()
    let result = try Launch.run(Self.script, ["--no-option", "--", "--out", folder.file("run")], ranks: nil)
    #expect(result.code == 1, "\(result.text)")
    #expect(result.errors.contains("launch 1: exit code 1, ") && !result.errors.contains("launch 2"), "\(result.text)")
  }

  /// With programs in place of ssh and mpirun: who does not answer, what mpirun is then called with, and how that ends.
  @Test(arguments: [
    (dead: "", options: ["--np", "6"], ranks: "6", hosts: "a b c"), ("b", ["--np", "48"], "24", "a c"),
    ("b c", ["--np", "32"], "16", "a"), ("b", ["--np", "8", "--map-by", "ppr:2:node:PE=8"], "4", "a c"),
    ("c", ["--map-by", "slot:PE=8"], "3", "a b"),
    ("a b c x", ["--np", "4", "--launches", "2"], "2", "y"),
  ])
  func leavesOutHostsThatDoNotAnswer(_ call: (dead: String, options: [String], ranks: String, hosts: String)) throws {
    let folder = try TemporaryFolder()
    let programs = [
      "ssh": "while [ $# -gt 2 ]; do shift; done; case ' \(call.dead) ' in *\" $1 \"*) exit 255;; esac",
      "mpirun": "echo ranks $2, hosts $(cut -d' ' -f1 \"$4\")",
    ]
    for (name, text) in programs {
      let path = folder.file(name)
      try "#!/bin/sh\n\(text)\n".write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    let first = try folder.write("first", "# three\na slots=16\nb slots = 16\n\nc slots=16 max_slots=16\n")
    let second = try folder.write("second", "x\ny\n")
    let result = try Launch.run(
      Self.script,
      ["--hostfile", first, "--hostfile", second] + call.options + ["--", "--out", folder.file("run")], ranks: nil,
      environment: ["PATH": folder.path + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")])
    #expect(result.code == 0 && result.output == "ranks \(call.ranks), hosts \(call.hosts)\n", "\(result.text)")
  }

  @Test(arguments: [
    [], ["--np", "2"], ["--np", "two", "--"], ["--launches", "0", "--"], ["--hostfile", "/nowhere", "--"],
    ["--np", "2", "--", "--max-steps", "3"], ["--np"],
  ])
  func aWrongCallSaysWhy(_ arguments: [String]) throws {
    let result = try Launch.run(Self.script, arguments, ranks: nil)
    #expect(result.code == 64 && result.errors.hasPrefix("launch/run-until-done: "), "\(result.text)")
  }
}
