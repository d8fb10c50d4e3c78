import Foundation
import TestSupport
import Testing

/// Where runs end early and what they keep: early stopping, the best checkpoints, no checkpoints at all.
@Suite struct RunLengthTests {
  /// 3 steps an epoch, 12 epochs.
  private static let options = [
    "--data", "synthetic:12,n=56", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--shards", "4", "--lr-scheduler",
    "none", "--learning-rate", "0.05", "--val-data", "synthetic:12,n=41", "--max-epochs", "12",
  ]

  private func train(_ more: [String], out: String, ranks: Int? = nil) throws -> (run: RunResult, text: String) {
    let result = try Launch.run("bt-dist", ["train", "--out", out] + Self.options + more, ranks: ranks)
    try #require(result.code == 0, "\(result.text)")
    return (RunResult(out), result.output + result.errors)
  }

  /// How losses go at this rate differs between processors. They lie between 0.5 and 2, so that they cannot
  /// get better by so much many times: patience ends before the run.
  private static let delta = 0.3

  private let stopping = [
    "--early-stopping", "val_loss", "--early-stopping-patience", "2", "--early-stopping-min-delta", "\(delta)",
  ]

  /// Where patience ends, from the metrics of the run that was not stopped.
  private func expectedEnd(_ losses: [Double], patience: Int) -> Int? {
    var (best, waited) = (Double.infinity, 0)
    for (epoch, loss) in losses.enumerated() {
      if loss < best - Self.delta { (best, waited) = (loss, 0) } else { waited += 1 }
      if waited == patience { return 3 * (epoch + 1) }
    }
    return nil
  }

  @Test func endsWhenPatienceDoes() throws {
    let folder = try TemporaryFolder()
    let whole = try train([], out: folder.file("whole")).run
    let end = try #require(expectedEnd(try whole.values("val_loss"), patience: 2))
    try #require(end > 6 && end < 36)
    for ranks in [1, 2, 4] {
      let (run, text) = try train(stopping, out: folder.file("\(ranks)"), ranks: ranks)
      #expect(text.contains("stopped at step \(end): val_loss was not better than its best value"), "\(text)")
      #expect(run.checkpoints.last == end && run.lines.count { !$0.contains("val_loss") } == end)
      let metrics = try whole.metrics()
      #expect(try run.metrics() == Array(metrics.prefix(end + end / 3)))
    }
    // It is over: the same command again does nothing, and more patience resumes it.
    let again = try train(stopping, out: folder.file("1"))
    #expect(again.text.contains("stopped at step \(end)") && again.run.lines.count { !$0.contains("val_loss") } == end)
    let more = try train(stopping + ["--early-stopping-patience", "50"], out: folder.file("1"))
    #expect(try more.run.metrics() == whole.metrics())
  }

  /// Stopped by its last step at every place on the way, it ends where the undisturbed one does, with the same bits.
  @Test(arguments: [["--min-epochs", "1"], ["--min-steps", "32"]]) func goesOnToTheSameEnd(_ minimum: [String]) throws {
    let folder = try TemporaryFolder()
    let options = stopping + minimum
    let (whole, text) = try train(options, out: folder.file("whole"))
    let end = try #require(whole.checkpoints.last)
    #expect(text.contains("stopped at step \(end)") && (minimum[0] == "--min-steps" ? end >= 32 : end < 36))
    for stop in [2, 5, 7, end - 1] {
      _ = try train(options + ["--max-steps", "\(stop)"], out: folder.file("halves"), ranks: 2)
    }
    let halves = try train(options, out: folder.file("halves")).run
    #expect(try halves.metrics() == whole.metrics())
    #expect(try halves.digests(end) == whole.digests(end))
  }

  /// The mean of an epoch's losses, also over a stop in the middle of one.
  @Test func aMetricOfTheTrainingIsTheMeanOfAnEpoch() throws {
    let folder = try TemporaryFolder()
    let options =
      ["--early-stopping", "loss", "--early-stopping-patience", "1", "--keep-checkpoints", "99"]
      + ["--early-stopping-min-delta", "\(Self.delta)"]
    let whole = try train(["--keep-checkpoints", "99"], out: folder.file("whole")).run
    let losses = try whole.losses
    let means = (0..<12).map { losses[3 * $0..<3 * $0 + 3].reduce(0, +) / 3 }
    let end = try #require(expectedEnd(means, patience: 1))
    _ = try train(options + ["--max-steps", "2"], out: folder.file("run"))
    let (run, text) = try train(options, out: folder.file("run"), ranks: 2)
    #expect(text.contains("stopped at step \(end): loss was not better"), "\(text)")
    for step in run.checkpoints where step % 3 == 0 {
      let state = try String(contentsOfFile: run.checkpoint(step) + "/state.json", encoding: .utf8)
      let object = try JSONSerialization.jsonObject(with: Data(state.utf8)) as? [String: Any]
      let found = try #require((object?["metrics"] as? [String: Double])?["loss"])
      #expect(abs(found / means[step / 3 - 1] - 1) < 1e-8)
    }
  }

  @Test func theBestCheckpointsStay() throws {
    let folder = try TemporaryFolder()
    let options = ["--save-top-k", "2", "--keep-checkpoints", "2", "--checkpoint-every-n-steps", "5"]
    let run = try train(options, out: folder.file("run"), ranks: 2).run
    let losses = try run.values("val_loss")
    let best = losses.indices.sorted { losses[$0] < losses[$1] }.prefix(2).map { 3 * ($0 + 1) }
    #expect(run.checkpoints == Set(best + [35, 36]).sorted())
    let table = try JSONSerialization.jsonObject(with: Data(folder.text("run/checkpoints/best.json").utf8))
    let entries = try #require((table as? [String: Any])?["best"] as? [[String: Any]])
    #expect(entries.map { $0["step"] as? Int } == best)
    for (entry, step) in zip(entries, best) {
      let value = try #require(entry["value"] as? Double)
      #expect(abs(value / losses[step / 3 - 1] - 1) < 1e-8)
    }
    // Any of them can be used.
    let embedded = try Launch.run(
      "bt-dist",
      ["embed", "--from", run.checkpoint(best[0]), "--data", "synthetic:12,n=9", "--out", folder.file("f.npy")],
      ranks: nil)
    #expect(embedded.code == 0, "\(embedded.text)")
  }

  @Test func withoutCheckpointsThereIsNothingToGoOnFrom() throws {
    let folder = try TemporaryFolder()
    let options = ["--enable-checkpointing", "false", "--max-steps", "7"]
    let (run, text) = try train(options, out: folder.file("run"), ranks: 2)
    #expect(text.contains("no checkpoints are written") && !text.contains("saved"), "\(text)")
    #expect(run.checkpoints == [] && run.lines.count == 9)
    let metrics = try run.metrics()
    let again = try train(["--max-steps", "7"], out: folder.file("run"))
    #expect(again.text.contains("run holds a run without a checkpoint to resume from: it starts anew"), "\(again.text)")
    #expect(try again.run.metrics() == metrics && again.run.checkpoints == [3, 6, 7])
  }

  @Test func forEverEndsBySignal() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let launch = try Launch(
      "bt-dist", ["train", "--out", run.path] + Self.options + ["--max-epochs", "-1", "--max-steps", "-1"], ranks: nil)
    #expect(launch.wait { run.lines.count >= 20 })
    launch.send(signal: SIGTERM)
    let result = try launch.finish(limit: 60)
    #expect(result.code == 75 && result.output.contains("length     until stopped, 3 an epoch"), "\(result.text)")
    #expect(folder.text("run/config.json").contains("\"max-epochs\": -1,"))
  }

  @Test func anEpochMayBeLimited() throws {
    let folder = try TemporaryFolder()
    let (run, text) = try train(["--limit-train-batches", "0.7", "--max-epochs", "3"], out: folder.file("run"))
    #expect(text.contains("length     6 steps, 2 an epoch") && run.checkpoints == [2, 4, 6], "\(text)")
    #expect(try run.order() == ["s1", "s2", "v2", "s3", "s4", "v4", "s5", "s6", "v6"])
  }

  @Test func summaryAndBarCanBeLeftOut() throws {
    let folder = try TemporaryFolder()
    let plain = try train(["--max-steps", "1"], out: folder.file("a")).text
    let short = try train(
      ["--max-steps", "1", "--enable-model-summary", "false", "--enable-progress-bar", "false"], out: folder.file("b")
    ).text
    #expect(plain.contains("network    mlp") && !short.contains("network    mlp"))
  }

  // MARK: The seed

  /// Weights, order and augmentation, one at a time: each follows the seed, and nothing else.
  @Test(arguments: ["weights", "order", "augmentation"]) func theSeedIsBehindAllThree(_ what: String) throws {
    let folder = try TemporaryFolder()
    let first = try train(["--max-steps", "1"], out: folder.file("first")).run
    let fixed = ["--init", first.checkpoint(1) + "/model.safetensors"]
    let options: [String] =
      switch what {
      case "weights": ["--shuffle", "false", "--data", "pairs:\(try pairs(folder))", "--augment", "none"]
      case "order": fixed + ["--data", "pairs:\(try pairs(folder))", "--augment", "none"]
      default: fixed + ["--shuffle", "false"]
      }
    let metrics = try [0, 0, 1].enumerated().map { index, seed in
      try train(
        options + ["--max-steps", "2", "--val-data", "none", "--random-state", "\(seed)"], out: folder.file("\(index)")
      )
      .run.metrics()
    }
    #expect(metrics[0] == metrics[1] && metrics[0] != metrics[2] && metrics[0].count == 2)
  }

  private func pairs(_ folder: TemporaryFolder) throws -> String {
    let x = try folder.npy("x.npy", [56, 12], normalNumbers(56 * 12, seed: 1))
    let y = try folder.npy("y.npy", [56, 12], normalNumbers(56 * 12, seed: 2))
    return "\(x),\(y)"
  }
}
