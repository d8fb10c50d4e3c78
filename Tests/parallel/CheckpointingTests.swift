import Foundation
import TestSupport
import Testing

/// When checkpoints are written, and what happens when they cannot be.
@Suite struct CheckpointingTests {
  private static let table = [
    "--data", "synthetic:12,n=56", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--warmup-epochs", "1.5",
    "--max-epochs", "100000000",
  ]
  private static let never = ["--checkpoint-every-n-steps", "100000000"]

  private func start(_ options: [String], out: String, ranks: Int?, environment: [String: String] = [:]) throws
    -> Launch
  {
    try Launch("bt-dist", ["train", "--out", out] + Self.table + options, ranks: ranks, environment: environment)
  }

  /// Resumes `run` and trains to `steps`, and does the same without any disturbance; both must be equal.
  private func expectUndisturbed(_ run: RunResult, _ options: [String], steps: Int, in folder: TemporaryFolder) throws {
    let whole = RunResult(folder.file("undisturbed"))
    for out in [run.path, whole.path] {
      let result = try start(options + ["--max-steps", "\(steps)"], out: out, ranks: 2).finish()
      #expect(result.code == 0, "\(result.text)")
    }
    #expect(try whole.metrics().filter { !$0.contains("val_loss") }.count == steps)
    #expect(try run.metrics() == whole.metrics())
    #expect(try run.digests(steps) == whole.digests(steps))
  }

  @Test func minutesCountBesideSteps() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let launch = try start(
      ["--checkpoint-every-n-minutes", "0.005", "--keep-checkpoints", "1000"], out: run.path, ranks: 2)
    #expect(launch.wait { run.checkpoints.count >= 3 })
    launch.send(signal: SIGUSR1)
    let result = try launch.finish(limit: 60)
    let steps = run.checkpoints
    #expect(result.code == 75 && steps.count >= 4, "\(result.text)")
    // Not those of epochs, which have three steps.
    #expect(steps.count < steps.last! / 3)
    // Reported one after the other, the last one before the end.
    let told = result.output.matches(of: /checkpoint of step (\d+) saved/).map { Int($0.1)! }
    #expect(told == steps, "\(result.text)")
  }

  @Test func theTimeLimitEndsARunInTime() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let begin = Date()
    let result = try start(Self.never + ["--time-limit", "2s"], out: run.path, ranks: 2).finish(limit: 60)
    #expect(result.code == 75 && result.output.contains("interrupted by the time limit at step"), "\(result.text)")
    #expect(Date().timeIntervalSince(begin) < 8)
    let step = try #require(run.checkpoints.last)
    #expect(try run.checkpoints == [step] && run.metrics().count == step)
    try expectUndisturbed(run, Self.never, steps: step + 10, in: folder)
  }

  @Test func slurmTellsTheTimeLimit() throws {
    let folder = try TemporaryFolder()
    let end = Int(Date().timeIntervalSince1970) + 22
    let result = try start(
      Self.never, out: folder.file("run"), ranks: nil, environment: ["SLURM_JOB_END_TIME": "\(end)"]
    ).finish(limit: 15)
    #expect(result.code == 75 && result.output.contains("interrupted by the time limit"), "\(result.text)")
  }

  /// The validation after step 3 is given up and done by the next launch.
  @Test func aSignalEndsAValidation() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options =
      Self.never + [
        "--val-data", "synthetic:12,n=200000", "--num-sanity-val-steps", "0", "--early-stopping", "val_loss",
      ]
    let launch = try start(options, out: run.path, ranks: 2)
    #expect(launch.wait { run.lines.count >= 3 })
    launch.send(signal: SIGUSR1)
    let result = try launch.finish(limit: 60)
    #expect(result.code == 75 && result.output.contains("interrupted by SIGUSR1 at step 3"), "\(result.text)")
    #expect(run.lines.count == 3 && run.checkpoints == [3], "the signal came after the validation")
    let state = try String(contentsOfFile: run.checkpoint(3) + "/state.json", encoding: .utf8)
    #expect(state.contains("\"unfinished\" : true"))
    try expectUndisturbed(run, options, steps: 7, in: folder)
    #expect(try run.order().prefix(4) == ["s1", "s2", "s3", "v3"])
  }

  /// No file may be longer than 8 KiB: metrics and checkpoints do not get through, and the run continues to its end.
  @Test(arguments: [600, 0]) func aDiskThatRefusesDoesNotEndTheTraining(patience: Int) throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let program = try RankCall("bt-dist", []).path
    let options = ["--max-steps", "60", "--checkpoint-every-n-steps", "20", "--checkpoint-patience", "\(patience)"]
    let arguments = (["train", "--out", run.path] + Self.table + options).map { "'\($0)'" }.joined(separator: " ")
    let script = try folder.write("limited", "#!/bin/bash\nulimit -f 8\nexec \(program) \(arguments)\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    let result = try Launch.run(script, [], ranks: nil)
    #expect(result.code == 73, "\(result.text)")
    #expect(result.errors.contains("warning: metrics wait in memory"), "\(result.text)")
    #expect(result.errors.contains("was not saved; the training continues") == (patience > 0), "\(result.text)")
    #expect(
      result.errors.contains(patience > 0 ? "step 60 cannot be saved" : "step 20 cannot be saved"), "\(result.text)")
    #expect(run.checkpoints.isEmpty)
    // What is there are whole lines; the next launch on a disk that takes them ends as if nothing had happened.
    try expectUndisturbed(run, Array(options[2...3]), steps: 60, in: folder)
  }
}
