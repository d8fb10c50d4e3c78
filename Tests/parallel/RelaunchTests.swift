import Foundation
import TestSupport
import Testing

/// The same command again gets further, whatever the first start was told to begin with.
@Suite struct RelaunchTests {
  private static let options = [
    "--data", "synthetic:12,n=56", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--lr-scheduler", "none",
    "--autotune", "off", "--checkpoint-every-n-steps", "3",
  ]

  private func train(_ options: [String], _ run: RunResult, steps: Int) throws -> LaunchResult {
    try Launch.run(
      "bt-dist", ["train", "--out", run.path, "--max-steps", "\(steps)"] + Self.options + options, ranks: nil)
  }

  /// A run of 12 steps with checkpoints of steps 6, 9 and 12.
  private func makeRun(_ folder: TemporaryFolder, _ name: String = "a") throws -> RunResult {
    let run = RunResult(folder.file(name))
    try #require(try train([], run, steps: 12).code == 0)
    try #require(run.checkpoints == [6, 9, 12])
    return run
  }

  // MARK: What the first start begins with

  @Test func aCheckpointOfAnotherRunIsForTheFirstStart() throws {
    let folder = try TemporaryFolder()
    let (origin, run) = (try makeRun(folder), RunResult(folder.file("b")))
    let options = ["--resume", origin.checkpoint(6)]
    let first = try train(options, run, steps: 9)
    #expect(first.code == 0 && first.output.contains("resumed    after step 6\n"), "\(first.text)")
    // The relaunch of a batch system: nothing but a longer time. What it began with may be gone by now.
    try FileManager.default.removeItem(atPath: origin.path)
    let second = try train(options, run, steps: 15)
    #expect(second.code == 0 && second.output.contains("resumed    after step 9\n"), "\(second.text)")
    #expect(!second.errors.contains("warning"), "\(second.text)")
    #expect(try run.order() == (7...15).map { "s\($0)" })
    #expect(run.checkpoints == [9, 12, 15])
  }

  /// Asked for later, it has no effect, and that is said.
  @Test func aRunThatHasBegunKeepsItsOwnCheckpoints() throws {
    let folder = try TemporaryFolder()
    let (origin, run) = (try makeRun(folder), try makeRun(folder, "b"))
    let result = try train(["--resume", origin.checkpoint(6)], run, steps: 15)
    #expect(result.code == 0 && result.output.contains("resumed    after step 12\n"), "\(result.text)")
    #expect(result.errors.contains("warning: --resume \(origin.checkpoint(6)) has no effect"), "\(result.text)")
    #expect(try run.order() == (1...15).map { "s\($0)" })
  }

  /// A run folder stands for its newest whole checkpoint.
  @Test func aRunFolderCanBeNamed() throws {
    let folder = try TemporaryFolder()
    let (origin, run) = (try makeRun(folder), RunResult(folder.file("b")))
    try FileManager.default.removeItem(atPath: origin.checkpoint(12) + "/model.safetensors")
    for path in [origin.path, origin.path + "/checkpoints/"] {
      let result = try train(["--resume", path], run, steps: 12)
      #expect(result.code == 0 && result.output.contains("resumed    after step 9\n"), "\(result.text)")
      #expect(result.errors.contains("skipping a checkpoint that is not whole"), "\(result.text)")
      try FileManager.default.removeItem(atPath: run.path)
    }
    let own = try train(["--resume", origin.path], origin, steps: 12)
    #expect(own.code == 0 && own.output.contains("resumed    after step 9\n"), "\(own.text)")
    #expect(!own.errors.contains("no effect"), "\(own.text)")
  }

  @Test func whatIsNoCheckpointIsRefusedWithThoseThatAreThere() throws {
    let folder = try TemporaryFolder()
    let (origin, run) = (try makeRun(folder), RunResult(folder.file("b")))
    let result = try train(["--resume", origin.checkpoint(7)], run, steps: 12)
    #expect(
      result.code == 65 && result.errors.contains("step-00000006, step-00000009, step-00000012"), "\(result.text)")
    let own = try train(["--resume", origin.checkpoint(7)], origin, steps: 15)
    #expect(own.code == 65 && own.errors.contains("step-00000006, step-00000009, step-00000012"), "\(own.text)")
  }

  /// A run that begins with another's checkpoint may have other options, and says so.
  @Test func anotherRunsCheckpointWithOtherOptionsIsSaid() throws {
    let folder = try TemporaryFolder()
    let (origin, run) = (try makeRun(folder), RunResult(folder.file("b")))
    let result = try train(["--resume", origin.checkpoint(6), "--lambd", "0.01"], run, steps: 9)
    #expect(result.code == 0 && result.errors.contains("--lambd 0.01 instead of 0.005"), "\(result.text)")
    #expect(result.errors.contains("unlike the run of \(origin.checkpoint(6))"), "\(result.text)")
  }

  /// Neither needed nor read again once there are checkpoints; `config.json` keeps it.
  @Test func initialParametersAreForTheFirstStart() throws {
    let folder = try TemporaryFolder()
    let origin = try makeRun(folder)
    let (file, run) = (origin.checkpoint(12) + "/model.safetensors", RunResult(folder.file("b")))
    let first = try train(["--init", file], run, steps: 6)
    #expect(first.code == 0 && first.output.contains("init  "), "\(first.text)")
    try FileManager.default.removeItem(atPath: file)
    for (options, steps) in [(["--init", file], 9), ([], 12)] {
      let result = try train(options, run, steps: steps)
      #expect(result.code == 0 && result.output.contains("resumed    after step \(steps - 3)\n"), "\(result.text)")
      #expect(!result.errors.contains("warning"), "\(result.text)")
    }
    let other = try train(["--init", "other.safetensors"], run, steps: 15)
    #expect(other.code == 0 && other.errors.contains("--init other.safetensors has no effect"), "\(other.text)")
    #expect(folder.text("b/config.json").contains("\"init\": \"\(file)\""))
  }

  // MARK: Back on purpose

  @Test func goingBackIsDoneOnceAndSaid() throws {
    let folder = try TemporaryFolder()
    let run = try makeRun(folder)
    let metrics = try run.metrics()
    // Another spelling of the path.
    let options = ["--resume", folder.path + "/./a/checkpoints/../checkpoints/step-00000006/"]
    // As long as before the return: the launch is interrupted before a checkpoint.
    let first = try train(options, run, steps: 8)
    #expect(first.code == 0 && first.output.contains("resumed    after step 6\n"), "\(first.text)")
    #expect(first.errors.contains("the run goes back from step 12 to step 6"), "\(first.text)")
    #expect(run.checkpoints == [6, 8])
    #expect(folder.text("a/launches.jsonl").contains("\"went_back_to\":6"))
    let aside = RunResult(run.path + "/checkpoints/set-aside-1")
    #expect(FileManager.default.fileExists(atPath: aside.path + "/step-00000009/manifest.json"))
    #expect(FileManager.default.fileExists(atPath: aside.path + "/step-00000012/manifest.json"))
    #expect(try aside.metrics() == metrics)
    let second = try train(options, run, steps: 12)
    #expect(second.code == 0 && second.output.contains("resumed    after step 8\n"), "\(second.text)")
    #expect(second.errors.contains("went back to step 6 before") && !second.errors.contains("goes back"))
    #expect(try run.metrics() == metrics)
    // That checkpoint goes in time; the command still works.
    let third = try train(options, run, steps: 18)
    #expect(third.code == 0 && third.output.contains("resumed    after step 12\n"), "\(third.text)")
    #expect(run.checkpoints == [12, 15, 18])
    // Another return is one of its own.
    let other = try train(["--resume", run.checkpoint(15)], run, steps: 18)
    #expect(other.code == 0 && other.errors.contains("the run goes back from step 18 to step 15"), "\(other.text)")
    #expect(other.errors.contains("set-aside-2"))
  }

  /// A return that was begun and not recorded is done again: what is left of later steps must not come back.
  @Test func aReturnThatWasCutOffIsRepeated() throws {
    let folder = try TemporaryFolder()
    let run = try makeRun(folder)
    try FileManager.default.createDirectory(
      atPath: run.path + "/checkpoints/set-aside-1", withIntermediateDirectories: true)
    try FileManager.default.moveItem(
      atPath: run.checkpoint(12), toPath: run.path + "/checkpoints/set-aside-1/step-00000012")
    let result = try train(["--resume", run.checkpoint(6)], run, steps: 9)
    #expect(result.code == 0 && result.output.contains("resumed    after step 6\n"), "\(result.text)")
    #expect(result.errors.contains("set-aside-2") && run.checkpoints == [6, 9], "\(result.text)")
  }
}
