import Foundation
import TestSupport
import Testing

/// A system that gives no more threads (`ulimit -u`, `pids.max`): an end with a reason, not a silent wait.
@Suite struct ThreadFaultTests {
  private static let options = [
    "--data", "synthetic:20,n=200", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "8", "--batch-size", "32", "--lr-scheduler", "none",
    "--max-steps", "6", "--warmup-epochs", "0", "--autotune", "off", "--checkpoint-every-n-steps", "2",
  ]

  private static func environment(_ threads: Int) throws -> [String: String] {
    try Injection(path: "").environment.merging(["FAULT_THREADS": "\(threads)"]) { $1 }
  }

  @Test func noThreadIsAFailureWithTheLimits() throws {
    let folder = try TemporaryFolder()
    for (command, threads) in [("train", 0), ("train", 2), ("doctor", 0)] {
      let arguments = command == "train" ? ["train", "--out", folder.file("run")] + Self.options : ["doctor"]
      let result = try Launch.run(
        "bt-dist", arguments, ranks: nil, environment: Self.environment(threads), limit: 20)
      #expect(result.code == 64, "\(command) \(threads): \(result.text)")
      #expect(result.text.contains("no thread can be started"), "\(command) \(threads): \(result.text)")
      #expect(result.text.contains("ulimit -u"), "\(command) \(threads): \(result.text)")
    }
  }

  /// Three to look whether there are enough, one for the lock, one for data, one for the first checkpoint: the second
  /// checkpoint finds none, and the step waits for it.
  @Test func aCheckpointWithoutAThreadIsSavedAllTheSame() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let result = try Launch.run(
      "bt-dist", ["train", "--out", run.path] + Self.options, ranks: nil, environment: Self.environment(6), limit: 30)
    #expect(result.code == 0, "\(result.text)")
    #expect(run.checkpoints.last == 6 && run.lines.count == 6, "\(result.text)")
  }

  /// A rank that gets none ends all.
  @Test func allRanksEndTogether() throws {
    let folder = try TemporaryFolder()
    let arguments = ["train", "--out", folder.file("run"), "--threads", "900"] + Self.options
    // Enough for MPI's own.
    let few = RankCall("bt-dist", arguments, environment: try Self.environment(60))
    let result = try Launch.run([few, RankCall("bt-dist", arguments.map { $0 == "900" ? "1" : $0 })], limit: 40)
    #expect(result.code == 64 && result.errors.contains("no thread can be started"), "\(result.text)")
  }
}
