import Foundation
import TestSupport
import Testing

/// What signals do apart from the plain cases in `ResumeTests`.
@Suite struct SignalTests {
  private static let options = [
    "--data", "synthetic:12,n=56", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--lr-scheduler", "none",
    "--max-epochs", "100000000", "--checkpoint-every-n-steps", "100000",
  ]

  /// Signals that keep coming while the checkpoint is saved change nothing.
  @Test func moreSignalsChangeNothing() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let launch = try Launch("bt-dist", ["train", "--out", run.path] + Self.options, ranks: nil)
    #expect(launch.wait { run.lines.count >= 20 })
    while launch.isRunning {
      for number in [SIGUSR1, SIGTERM, SIGINT, SIGUSR2, SIGXCPU, SIGHUP] { launch.send(signal: number) }
      usleep(200)
    }
    let result = try launch.finish()
    #expect(result.code == 75 && !result.errors.contains("error"), "\(result.text)")
    let step = try #require(run.checkpoints.last)
    #expect(try run.metrics().count == step)
  }

  /// A closed terminal does not signal a program under nohup.
  @Test func hangingUpUnderNohupIsIgnored() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let launch = try Launch(
      "/usr/bin/nohup", [try RankCall("bt-dist", []).path, "train", "--out", run.path] + Self.options, ranks: nil)
    #expect(launch.wait { run.lines.count >= 20 })
    launch.send(signal: SIGHUP)
    let lines = run.lines.count
    #expect(launch.wait { run.lines.count > lines + 200 })
    launch.send(signal: SIGTERM)
    let result = try launch.finish()
    #expect(result.code == 75 && result.output.contains("interrupted by SIGTERM"), "\(result.text)")
  }

  /// Commands that have nothing to save end at once, also when they were started with signals blocked.
  @Test(arguments: [(SIGTERM, false), (SIGINT, false), (SIGTERM, true)])
  func othersEndAtOnce(_ number: Int32, blocks: Bool) throws {
    let folder = try TemporaryFolder()
    let run = folder.file("run")
    let options = [
      "--data", "synthetic:1x8x8,n=72", "--encoder", "resnet18", "--width", "16", "--proj-hidden-dim", "16",
      "--proj-output-dim", "24", "--batch-size", "24", "--lr-scheduler", "none", "--max-steps", "1",
    ]
    let trained = try Launch.run("bt-dist", ["train", "--out", run] + options, ranks: nil)
    try #require(trained.code == 0, "\(trained.text)")
    let features = folder.file("features.npy")
    let launch = try Launch(
      "bt-dist", ["embed", "--from", run, "--data", "synthetic:1x8x8,n=10000000", "--out", features], ranks: nil,
      blocksSignals: blocks)
    func names() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] }
    #expect(launch.wait { names().contains { $0.hasSuffix(".partial") } }, "\(launch.errors)")
    launch.send(signal: number)
    // The number of the signal that ended it. Nothing is left of the features.
    #expect(try launch.finish(limit: 20).code == number)
    #expect(names() == ["run"])
  }
}
