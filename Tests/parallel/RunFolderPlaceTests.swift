import Foundation
import TestSupport
import Testing

/// Runs that are copied, moved, renamed or removed, also while they train.
@Suite struct RunFolderPlaceTests {
  private static let options = [
    "--data", "synthetic:12,n=56", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--lr-scheduler", "none",
    "--autotune", "off",
  ]
  private static let endless = ["--max-epochs", "100000000", "--checkpoint-every-n-steps", "100"]

  private func train(_ options: [String]) throws -> LaunchResult {
    try Launch.run("bt-dist", ["train"] + options, ranks: nil)
  }

  private func start(_ run: RunResult, _ options: [String] = endless) throws -> Launch {
    let launch = try Launch("bt-dist", ["train", "--out", run.path] + Self.options + options, ranks: nil)
    try #require(launch.wait { run.lines.count >= 20 }, "\(launch.errors)")
    return launch
  }

  @Test func aConfigurationInARunFolderMeansThatRun() throws {
    let folder = try TemporaryFolder()
    let (run, copy) = (RunResult(folder.file("a")), RunResult(folder.file("copy")))
    try #require(try train(["--out", run.path, "--max-steps", "6"] + Self.options).code == 0)
    try FileManager.default.copyItem(atPath: run.path, toPath: copy.path)
    let result = try train(["--config", copy.path + "/config.json", "--max-steps", "9"])
    #expect(result.code == 0 && result.output.contains("resumed    after step 6\n"), "\(result.text)")
    #expect(try run.metrics().count == 6 && copy.metrics().count == 9)
    #expect(folder.text("copy/config.json").contains("\"out\": \"\(copy.path)\""))
    // What the command line says counts more.
    let other = RunResult(folder.file("other"))
    #expect(try train(["--config", copy.path + "/config.json", "--out", other.path, "--max-steps", "3"]).code == 0)
    #expect(try other.metrics().count == 3 && copy.metrics().count == 9)
    // A file of that name that lies in no run is any file.
    try FileManager.default.createDirectory(atPath: folder.file("files"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: other.path + "/config.json", toPath: folder.file("files/config.json"))
    #expect(try train(["--config", folder.file("files/config.json"), "--max-steps", "4"]).code == 0)
    #expect(try other.metrics().count == 4)
  }

  @Test func checkpointsWithoutAConfigurationAreNotResumedUnchecked() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("a"))
    let options = ["--out", run.path] + Self.options
    try #require(try train(options + ["--max-steps", "6"]).code == 0)
    let text = folder.text("a/config.json")
    try FileManager.default.removeItem(atPath: run.path + "/config.json")
    let refused = try train(options + ["--max-steps", "9", "--learning-rate", "0.1"])
    #expect(refused.code == 65 && refused.errors.contains("config.json"), "\(refused.text)")
    #expect(
      refused.errors.contains("--print-config") && !FileManager.default.fileExists(atPath: run.path + "/config.json"))
    // The remedy works, and makes the options count again.
    let printed = try train(options + ["--print-config"]).output
    for configuration in [printed, text] {
      try Data(configuration.utf8).write(to: URL(fileURLWithPath: run.path + "/config.json"))
      #expect(try train(options + ["--max-steps", "9", "--learning-rate", "0.1"]).code == 64)
      let result = try train(options + ["--max-steps", "9"])
      #expect(result.code == 0 && result.output.contains("resumed    after step"), "\(result.text)")
    }
  }

  @Test func aFolderThatIsRenamedIsSaid() throws {
    let folder = try TemporaryFolder()
    let (run, renamed) = (RunResult(folder.file("a")), RunResult(folder.file("b")))
    let launch = try start(run)
    try FileManager.default.moveItem(atPath: run.path, toPath: renamed.path)
    let result = try launch.finish(limit: 60)
    #expect(result.code == 73 && result.errors.contains("the run folder was renamed"), "\(result.text)")
    #expect(result.errors.contains("/b now") && result.errors.contains("launch again with --out"), "\(result.text)")
    #expect(!FileManager.default.fileExists(atPath: run.path))
  }

  @Test func aFolderThatIsRemovedIsSaid() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("a"))
    let launch = try start(run)
    try FileManager.default.moveItem(atPath: run.path, toPath: folder.file("b"))
    try FileManager.default.removeItem(atPath: folder.file("b"))
    let result = try launch.finish(limit: 60)
    #expect(result.code == 73 && result.errors.contains("the run folder was removed"), "\(result.text)")
    #expect(!FileManager.default.fileExists(atPath: run.path))
  }

  /// Another folder under the old name is not this run.
  @Test func aFolderThatIsExchangedIsSaid() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("a"))
    let launch = try start(run)
    try FileManager.default.createDirectory(atPath: folder.file("c/checkpoints"), withIntermediateDirectories: true)
    try FileManager.default.moveItem(atPath: run.path, toPath: folder.file("b"))
    try FileManager.default.moveItem(atPath: folder.file("c"), toPath: run.path)
    let result = try launch.finish(limit: 60)
    #expect(result.code == 73 && result.errors.contains("another has its name"), "\(result.text)")
    #expect(run.checkpoints.isEmpty && run.lines.isEmpty)
  }

  enum Harm: String, CaseIterable { case removed, cut }

  @Test(arguments: Harm.allCases) func metricsThatGoAreSaidAndContinued(_ harm: Harm) throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("a"))
    let path = run.path + "/metrics.jsonl"
    let launch = try start(run)
    switch harm {
    case .removed: unlink(path)
    // In the middle of a line.
    case .cut: truncate(path, 100)
    }
    #expect(launch.wait { launch.errors.contains("was \(harm.rawValue) while the run writes it") }, "\(launch.errors)")
    let before = run.lines.count
    #expect(launch.wait { run.lines.count > before + 5 }, "\(launch.errors)")
    launch.send(signal: SIGUSR1)
    let result = try launch.finish()
    #expect(result.code == 75, "\(result.text)")
    // Whole lines of the steps from then on, up to the last one.
    let steps = try run.lines.suffix(5).map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return object?["step"] as? Int ?? 0
    }
    let last = try #require(run.checkpoints.last)
    #expect(steps == Array(last - 4...last))
  }

  /// Between two launches.
  @Test func metricsThatAreMissingAtAResumeAreSaid() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("a"))
    let options = ["--out", run.path] + Self.options
    try #require(try train(options + ["--max-steps", "6"]).code == 0)
    let lines = run.lines
    try Data((lines.prefix(2).joined(separator: "\n") + "\n").utf8).write(
      to: URL(fileURLWithPath: run.path + "/metrics.jsonl"))
    let cut = try train(options + ["--max-steps", "9"])
    #expect(cut.code == 0 && cut.errors.contains("has no lines of steps 3 to 6"), "\(cut.text)")
    try FileManager.default.removeItem(atPath: run.path + "/metrics.jsonl")
    let removed = try train(options + ["--max-steps", "12"])
    #expect(removed.code == 0 && removed.errors.contains("has no lines of steps 1 to 9"), "\(removed.text)")
    let whole = try train(options + ["--max-steps", "15"])
    #expect(whole.code == 0 && !whole.errors.contains("has no lines"), "\(whole.text)")
  }

  /// A launch that was refused has left no run.
  @Test func aRefusedLaunchLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("deep/a"))
    let options = ["--out", run.path, "--max-steps", "3"] + Self.options
    for wrong in [["--batch-size", "64"], ["--augment", "flip"], ["--resume", folder.file("none")]] {
      let result = try train(options + wrong)
      #expect(result.code == 64 || result.code == 65, "\(result.text)")
      #expect(!FileManager.default.fileExists(atPath: run.path), "\(wrong)")
    }
    // What was there before stays.
    try FileManager.default.createDirectory(atPath: run.path, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: run.path + "/notes.txt"))
    _ = try train(options + ["--augment", "flip"])
    #expect(FileManager.default.fileExists(atPath: run.path + "/notes.txt"))
    let result = try train(options)
    #expect(result.code == 0 && !result.errors.contains("warning"), "\(result.text)")
  }
}
