import Foundation
import TestSupport
import Testing

/// Runs that stop and resume are, to the bit, the runs that were never stopped.
@Suite struct ResumeTests {
  struct Recipe: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let options: [String]
  }

  private static let mlp = ["--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1"]
  private static let table = ["--data", "synthetic:12,n=56"] + mlp
  private static let projector = ["--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16"]
  /// 3 steps an epoch, 8 samples left out.
  static let recipes = [
    Recipe(testDescription: "mlp, adamW", options: table),
    Recipe(
      testDescription: "mlp, adam with AMSGrad, clipped by norm",
      options: table + [
        "--optimizer", "adam", "--optimizer-kwargs", #"{"amsgrad": true, "betas": [0.8, 0.7]}"#,
        "--gradient-clip-val", "5",
      ]),
    Recipe(
      testDescription: "mlp, lars, clipped by value",
      options: table + [
        "--optimizer", "lars", "--learning-rate", "3", "--learning-rate-biases", "0.01", "--scale-learning-rate",
        "linear", "--optimizer-kwargs", #"{"eta": 0.02}"#, "--gradient-clip-val", "1", "--gradient-clip-algorithm",
        "value",
      ]),
    Recipe(
      testDescription: "resnet18, sgd with Nesterov's momentum",
      options: [
        "--data", "synthetic:1x8x8,n=56", "--width", "16", "--optimizer", "sgd", "--learning-rate", "1e-3",
        "--optimizer-kwargs", #"{"momentum": 0.9, "nesterov": true}"#,
      ]),
    Recipe(testDescription: "resnet18, adamW", options: ["--data", "synthetic:1x8x8,n=56", "--width", "16"]),
  ]
  /// 12 steps.
  private static let fourEpochs = ["--max-epochs", "4", "--warmup-epochs", "1.5"]

  private func train(_ options: [String], out: String, ranks: Int? = nil) throws -> LaunchResult {
    try Launch.run("bt-dist", ["train", "--out", out] + Self.projector + options, ranks: ranks)
  }

  private func expectEqual(_ run: RunResult, _ undisturbed: RunResult, steps: Int) throws {
    try #require(try undisturbed.metrics().count == steps)
    #expect(try run.metrics() == undisturbed.metrics())
    #expect(try run.digests(steps) == undisturbed.digests(steps))
  }

  // MARK: Stopped by a number of steps

  /// In mid-epoch and at an epoch's end.
  @Test(arguments: recipes, [(ranks: nil, stop: 5), (2, 6)] as [(ranks: Int?, stop: Int)])
  func goesOnWhereItStopped(_ recipe: Recipe, _ call: (ranks: Int?, stop: Int)) throws {
    let folder = try TemporaryFolder()
    let (whole, halves) = (RunResult(folder.file("whole")), RunResult(folder.file("halves")))
    let options = recipe.options + Self.fourEpochs
    for (out, limit) in [(whole.path, []), (halves.path, ["--max-steps", "\(call.stop)"]), (halves.path, [])] {
      let result = try train(options + limit, out: out, ranks: call.ranks)
      try #require(result.code == 0, "\(result.text)")
      if !limit.isEmpty { #expect(try halves.metrics().count == call.stop && halves.checkpoints.last == call.stop) }
    }
    try expectEqual(halves, whole, steps: 12)
  }

  /// Going back to an older checkpoint by its path writes the later steps again, the same ones.
  @Test func goesBackToAGivenCheckpoint() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options = Self.table + Self.fourEpochs
    #expect(try train(options, out: run.path).code == 0)
    let (metrics, digests) = (try run.metrics(), try run.digests(12))
    let result = try train(options + ["--resume", run.checkpoint(6)], out: run.path)
    #expect(result.code == 0, "\(result.text)")
    #expect(result.output.contains("resumed    after step 6"))
    #expect(try run.metrics() == metrics)
    #expect(try run.digests(12) == digests)
  }

  // MARK: Stopped by a signal

  enum Target: Sendable {
    /// The only process, without `mpirun`.
    case process
    /// The same, started with signals blocked.
    case blockingProcess
    case mpirun
    case rank(Int)
  }

  static let signals: [(number: Int32, name: String, target: Target)] = [
    (SIGINT, "SIGINT", .process),
    (SIGUSR1, "SIGUSR1", .blockingProcess), (SIGUSR1, "SIGUSR1", .mpirun), (SIGTERM, "SIGTERM", .rank(1)),
    (SIGUSR1, "SIGUSR1", .rank(0)), (SIGUSR2, "SIGUSR2", .mpirun), (SIGXCPU, "SIGXCPU", .rank(1)),
    (SIGHUP, "SIGHUP", .process),
  ]

  @Test(arguments: signals)
  func goesOnAfterASignal(_ call: (number: Int32, name: String, target: Target)) throws {
    let folder = try TemporaryFolder()
    let (whole, halves) = (RunResult(folder.file("whole")), RunResult(folder.file("halves")))
    let (ranks, blocks): (Int?, Bool) =
      switch call.target {
      case .process: (nil, false)
      case .blockingProcess: (nil, true)
      case .mpirun, .rank: (2, false)
      }
    // Would take hours: the signal comes in the middle, whatever the load.
    let options = Self.table + ["--max-epochs", "100000000", "--checkpoint-every-n-steps", "100000"]
    let launch = try Launch(
      "bt-dist", ["train", "--out", halves.path] + Self.projector + options, ranks: ranks, blocksSignals: blocks)
    let started = launch.wait { halves.lines.count >= 20 }
    switch call.target {
    case .process, .blockingProcess, .mpirun: launch.send(signal: call.number)
    case .rank(let rank): try launch.send(signal: call.number, toRank: rank)
    }
    let result = try launch.finish(limit: 60)
    #expect(started && result.code == 75, "\(result.text)")
    let stopped = try #require(halves.checkpoints.last)
    #expect(stopped >= 20)
    #expect(try halves.metrics().count == stopped)
    #expect(result.output.contains("interrupted by \(call.name) at step \(stopped) of 300000000"), "\(result.text)")
    #expect(result.output.contains("launch again to resume"))
    #expect(!result.errors.contains("bt-dist: error:"), "\(result.text)")

    for run in [halves, whole] {
      let result = try train(options + ["--max-steps", "\(stopped + 20)"], out: run.path, ranks: ranks)
      #expect(result.code == 0, "\(result.text)")
      #expect(result.output.contains("resumed    after step \(stopped)") == (run.path == halves.path))
    }
    try expectEqual(halves, whole, steps: stopped + 20)
  }

  // MARK: Damaged checkpoints

  enum Damage: String, Sendable, CaseIterable {
    case flippedBitInModel, flippedBitInOptimizer, truncatedModel, truncatedManifest, missingManifest, missingOptimizer
    case changedState

    func apply(to checkpoint: String) throws {
      switch self {
      case .flippedBitInModel: try change(checkpoint + "/model.safetensors") { $0[$0.count / 2] ^= 4 }
      case .flippedBitInOptimizer: try change(checkpoint + "/optimizer.safetensors") { $0[$0.count - 1] ^= 128 }
      case .truncatedModel: try change(checkpoint + "/model.safetensors") { $0.removeLast(100) }
      case .truncatedManifest: try change(checkpoint + "/manifest.json") { $0.removeLast($0.count / 2) }
      case .missingManifest: try FileManager.default.removeItem(atPath: checkpoint + "/manifest.json")
      case .missingOptimizer: try FileManager.default.removeItem(atPath: checkpoint + "/optimizer.safetensors")
      case .changedState:
        // The same length: only the digest tells.
        try change(checkpoint + "/state.json") { bytes in
          let digit = bytes.lastIndex { (UInt8(ascii: "1")...UInt8(ascii: "8")).contains($0) } ?? 0
          bytes[digit] += 1
        }
      }
    }

    private func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
      var bytes = try readBytes(path)
      body(&bytes)
      try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
  }

  /// A run of 9 steps with checkpoints of steps 3, 6 and 9, the undisturbed one of 12, and what they are launched with.
  private func makeRuns(_ folder: TemporaryFolder) throws -> (run: RunResult, whole: RunResult, options: [String]) {
    let (run, whole) = (RunResult(folder.file("run")), RunResult(folder.file("whole")))
    let options = Self.table + Self.fourEpochs
    try #require(try train(options, out: whole.path).code == 0)
    try #require(try train(options + ["--max-steps", "9"], out: run.path).code == 0)
    try #require(run.checkpoints == [3, 6, 9])
    return (run, whole, options)
  }

  @Test(arguments: Damage.allCases)
  func takesAnOlderCheckpointThanADamagedOne(_ damage: Damage) throws {
    let folder = try TemporaryFolder()
    let (run, whole, options) = try makeRuns(folder)
    try damage.apply(to: run.checkpoint(9))
    let result = try train(options, out: run.path)
    #expect(result.code == 0, "\(result.text)")
    #expect(result.errors.contains("warning: skipping a checkpoint that is not whole"), "\(result.text)")
    #expect(result.errors.contains("step-00000009"))
    #expect(result.output.contains("resumed    after step 6"))
    try expectEqual(run, whole, steps: 12)
  }

  @Test func takesTheOldestOfThreeWhenTwoAreDamaged() throws {
    let folder = try TemporaryFolder()
    let (run, whole, options) = try makeRuns(folder)
    try Damage.truncatedModel.apply(to: run.checkpoint(9))
    try Damage.missingManifest.apply(to: run.checkpoint(6))
    let result = try train(options, out: run.path, ranks: nil)
    #expect(result.code == 0 && result.output.contains("resumed    after step 3"), "\(result.text)")
    try expectEqual(run, whole, steps: 12)
  }

  /// What a kill in the middle of writing leaves behind is not a checkpoint.
  @Test func ignoresAnUnfinishedCheckpointAndTornMetrics() throws {
    let folder = try TemporaryFolder()
    let (run, whole, options) = try makeRuns(folder)
    let partial = run.path + "/checkpoints/.step-00000012.partial"
    try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
    try Data("half".utf8).write(to: URL(fileURLWithPath: partial + "/model.safetensors"))
    let metrics = run.path + "/metrics.jsonl"
    try Data(try readBytes(metrics) + Array(#"{"step":10,"epo"#.utf8)).write(to: URL(fileURLWithPath: metrics))
    let result = try train(options, out: run.path)
    #expect(result.code == 0 && result.output.contains("resumed    after step 9"), "\(result.text)")
    try expectEqual(run, whole, steps: 12)
    #expect(!FileManager.default.fileExists(atPath: partial))
  }

  @Test func aDamagedCheckpointThatIsAskedForIsAnError() throws {
    let folder = try TemporaryFolder()
    let (run, _, options) = try makeRuns(folder)
    let metrics = try run.metrics()
    try Damage.flippedBitInModel.apply(to: run.checkpoint(6))
    let result = try train(options + ["--resume", run.checkpoint(6)], out: run.path)
    #expect(result.code == 65 && result.errors.contains("model.safetensors"), "\(result.text)")
    #expect(try run.metrics() == metrics && run.checkpoints == [3, 6, 9])
  }

  // MARK: Other options, other ranks

  @Test(arguments: [
    ["--lambd", "0.01"], ["--learning-rate", "1e-3"], ["--batch-size", "8"], ["--random-state", "7"],
    ["--shuffle", "false"], ["--shards", "2"],
  ])
  func anotherOptionIsAnError(_ change: [String]) throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    #expect(try train(Self.table + Self.fourEpochs + ["--max-steps", "2"], out: run.path).code == 0)
    let (metrics, configuration) = (try run.metrics(), try readBytes(run.path + "/config.json"))
    let result = try train(Self.table + Self.fourEpochs + change, out: run.path)
    #expect(result.code == 64 && result.errors.contains("\(change[0]) "), "\(result.text)")
    // The run is as it was.
    #expect(try run.metrics() == metrics && run.checkpoints == [2])
    #expect(try readBytes(run.path + "/config.json") == configuration)
  }

  @Test(arguments: [nil, 2])
  func neverNeedsAnUnusedFolder(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let options = Self.table + Self.fourEpochs + ["--resume", "never"]
    #expect(try train(options, out: folder.file("run"), ranks: ranks).code == 0)
    let run = RunResult(folder.file("run"))
    let metrics = try run.metrics()
    let result = try train(options, out: run.path, ranks: ranks)
    #expect(result.code == 64 && result.errors.contains("already holds a run"), "\(result.text)")
    #expect(try run.metrics() == metrics)
  }

  /// More ranks than shards: the run gets more shards, resumes equal to rounding, and says so.
  @Test func moreRanksThanShardsGoOnToRounding() throws {
    let folder = try TemporaryFolder()
    let (whole, halves) = (RunResult(folder.file("whole")), RunResult(folder.file("halves")))
    let options = Self.table + Self.fourEpochs
    #expect(try train(options, out: whole.path, ranks: 1).code == 0)
    #expect(try train(options + ["--max-steps", "5"], out: halves.path, ranks: 1).code == 0)
    let result = try train(options, out: halves.path, ranks: 2)
    #expect(result.code == 0, "\(result.text)")
    #expect(result.errors.contains("1 shard cannot be shared evenly by 2 ranks"), "\(result.text)")
    #expect(result.text.contains("equal to rounding"))
    let (found, expected) = (try halves.losses, try whole.losses)
    try #require(found.count == 12 && expected.count == 12)
    for (a, b) in zip(found, expected) { #expect(abs(a / b - 1) < 1e-5) }
  }

  /// Fewer ranks than shards: the same bits.
  @Test func fewerRanksThanShardsGoOnToTheBit() throws {
    let folder = try TemporaryFolder()
    let (whole, halves) = (RunResult(folder.file("whole")), RunResult(folder.file("halves")))
    let options = Self.table + Self.fourEpochs
    #expect(try train(options, out: whole.path, ranks: 4).code == 0)
    for (ranks, limit) in [(4, ["--max-steps", "4"]), (1, ["--max-steps", "7"]), (2, [])] {
      let result = try train(options + limit, out: halves.path, ranks: ranks)
      #expect(result.code == 0, "\(result.text)")
    }
    try expectEqual(halves, whole, steps: 12)
  }
}
