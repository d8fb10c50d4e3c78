import Diagnostics
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
      Self.script, ["--np", "2"] + Self.mpirun + ["--", "--out", out] + Self.options + train, ranks: nil,
      environment: ["OMPI_MCA_odls_base_sigkill_timeout": "1"])
  }

  private func log(_ run: RunResult) -> String {
    String(decoding: FileManager.default.contents(atPath: run.path + "/launches.log") ?? Data(), as: UTF8.self)
  }

  /// A rank is killed: the next launch goes on, to the bits of a run that was not disturbed.
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
    #expect(result.errors.contains("launch 2: 2 ranks on this host") && !log(run).contains("launch 3"))
    let undisturbed = try Launch.run(
      "bt-dist", ["train", "--out", whole.path, "--max-steps", "10000"] + Self.options, ranks: nil)
    #expect(undisturbed.code == 0, "\(undisturbed.text)")
    #expect(try run.metrics() == whole.metrics() && run.digests(10000) == whole.digests(10000))
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
    #expect(result.errors.contains("launch 1: exit code \(result.code), ") && !result.errors.contains("launch 2"))
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
