import Foundation
import TestSupport
import Testing

/// One launch a run folder, also after crashes.
@Suite struct RunLockTests {
  private static let options = [
    "--data", "synthetic:12,n=56", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--shards", "2", "--lr-scheduler",
    "none", "--max-epochs", "100000000", "--checkpoint-every-n-steps", "100",
  ]

  private func start(_ out: String, ranks: Int?, steps: Int = 100_000_000) throws -> Launch {
    try Launch("bt-dist", ["train", "--out", out, "--max-steps", "\(steps)"] + Self.options, ranks: ranks)
  }

  /// The second is refused, and the first does not notice. When that is killed, the next resumes at once.
  @Test func aSecondLaunchIsRefused() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let first = try start(run.path, ranks: nil)
    #expect(first.wait { run.lines.count >= 20 })
    let second = try start(run.path, ranks: 2).finish(limit: 60)
    expectOneMessage(
      second, 73,
      says: [
        "run/.lock", "the run folder is in use by another launch", "process \(first.identifier) on ",
        "kill -USR1 \(first.identifier)",
      ])
    #expect(first.isRunning)
    let lines = run.lines.count
    #expect(first.wait { run.lines.count > lines + 20 }, "\(first.errors)")
    first.send(signal: SIGKILL)
    _ = try first.finish()
    let steps = run.lines.count + 100
    let third = try start(run.path, ranks: nil, steps: steps).finish()
    #expect(third.code == 0 && !third.errors.contains("waiting"), "\(third.text)")
    #expect(third.errors.contains("process \(first.identifier) on ") && third.errors.contains("did not end cleanly"))
  }

  /// The ranks of a killed mpirun end by themselves, so that a launch that comes at once gets the folder.
  @Test func aRelaunchAfterAKilledLauncherGetsTheFolder() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let first = try start(run.path, ranks: 2)
    #expect(first.wait { run.lines.count >= 250 })
    let ranks = try (0..<2).map { try first.process(ofRank: $0) }
    first.send(signal: SIGKILL)
    _ = try first.finish()
    let steps = run.lines.count + 3000
    let second = try start(run.path, ranks: 2, steps: steps).finish()
    #expect(second.code == 0, "\(second.text)")
    let deadline = Date(timeIntervalSinceNow: 20)
    while ranks.contains(where: isAlive), Date() < deadline { usleep(50_000) }
    #expect(!ranks.contains(where: isAlive))
    try expectSame(run, steps: steps, folder)
  }

  /// Whether a process is there and is more than a zombie.
  private func isAlive(_ process: Int32) -> Bool {
    let status = FileManager.default.contents(atPath: "/proc/\(process)/stat").map {
      String(decoding: $0, as: UTF8.self)
    }
    return status.map { !$0.contains(") Z ") } ?? false
  }

  private func expectSame(_ run: RunResult, steps: Int, _ folder: TemporaryFolder) throws {
    let whole = RunResult(folder.file("whole"))
    let result = try start(whole.path, ranks: nil, steps: steps).finish()
    try #require(result.code == 0, "\(result.text)")
    #expect(try run.metrics() == whole.metrics())
    #expect(try run.digests(steps) == whole.digests(steps))
  }
}
