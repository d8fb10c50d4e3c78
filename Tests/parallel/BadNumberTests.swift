import Foundation
import TestSupport
import Testing

/// A step whose loss or gradient is not finite: seen by all ranks at once, and the run ends or continues as told.
///
/// The oracle of a run that continued is a run on data that never had the batches that were left out.
@Suite struct BadNumberTests {
  static let (batch, steps, features) = (16, 12, 16)

  /// Two views of 12 batches in order, of which a step's (from 1) holds a sample that is finite and overflows in the
  /// first layer. It is the batch's 14th, which the last of 2 or 4 ranks computes.
  static func data(
    _ folder: TemporaryFolder, _ name: String, bad: [Int] = [], value: Float = 3e38, without removed: Set<Int> = []
  ) throws -> [String] {
    let paths = try (1...2).map { view in
      var values = normalNumbers(steps * batch * features, seed: UInt64(view))
      for step in bad {
        let row = ((step - 1) * batch + 13) * features
        for i in row..<row + features { values[i] = value }
      }
      let kept = (1...steps).filter { !removed.contains($0) }
      let size = batch * features
      return try folder.npy(
        "\(name)\(view).npy", [kept.count * batch, features], kept.flatMap { values[($0 - 1) * size..<$0 * size] })
    }
    return ["--data", "pairs:\(paths.joined(separator: ","))"]
  }

  static let options = [
    "--shuffle", "false", "--batch-size", "16", "--shards", "4", "--encoder", "mlp", "--mlp-hidden", "64,16",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--max-epochs", "1", "--lr-scheduler", "none",
  ]

  @discardableResult
  private func train(_ run: RunResult, _ options: [String], ranks: Int? = nil, code: Int32 = 0) throws -> LaunchResult {
    let result = try Launch.run("bt-dist", ["train", "--out", run.path] + Self.options + options, ranks: ranks)
    try #require(result.code == code, "\(result.text)")
    return result
  }

  private func file(_ run: RunResult, step: Int) -> String {
    run.path + String(format: "/bad-batches/step-%08d.json", step)
  }

  private func object(_ path: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: readBytes(path).data) as? [String: Any])
  }

  private func expectSameTensors(_ run: RunResult, _ step: Int, _ oracle: RunResult, _ other: Int) throws {
    #expect(try run.digests(step).prefix(2) == oracle.digests(other).prefix(2), "model and optimizer")
  }

  // MARK: Stop

  /// The state from before the step is that of a run that ended there: the running statistics too.
  @Test(arguments: [nil, 2, 4] as [Int?])
  func aRunStopsBeforeTheBadStep(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let (run, good) = (RunResult(folder.file("run")), RunResult(folder.file("good")))
    let data = try Self.data(folder, "x", bad: [7])
    let result = try train(run, data, ranks: ranks, code: 65)
    expectOneMessage(
      result, 65,
      says: ["step 7", "loss is not a finite number", "sample 109", "bt-dist replay --bad-batch \(file(run, step: 7))"])
    try train(good, data + ["--max-steps", "6"])
    #expect(run.checkpoints == [6])
    #expect(try run.digests(6) == good.digests(6))
    #expect(try run.metrics() == good.metrics())

    var batch = try object(file(run, step: 7))
    let size = ranks ?? 1
    let shards = try #require(batch["shards"] as? [[String: Any]])
    #expect(shards.map { $0["rank"] as? Int } == (0..<4).map { $0 * size / 4 })
    #expect(shards.flatMap { $0["samples"] as? [Int] ?? [] } == Array(96..<112))
    let suspects = try #require(batch["suspects"] as? [[String: Any]])
    #expect(suspects.count == 5 && suspects[0]["sample"] as? Int == 109 && suspects[0]["rank"] as? Int == size - 1)
    #expect((suspects[0]["largest_input"] as? Double ?? 0) > 2.9e38)
    #expect((batch["gradients_not_finite"] as? [String])?.contains("encoder.0.weight") == true)
    #expect(batch["loss"] as? String == "nan" && batch["step"] as? Int == 7)
    #expect(batch["checkpoint"] as? String == "checkpoints/step-00000006")
    #expect((batch["run_folder"] as? String)?.hasSuffix("/run") == true)

    // Except for ranks and folder the file does not depend on the ranks.
    guard ranks != nil else { return }
    let other = RunResult(folder.file("other"))
    try train(other, data, code: 65)
    var again = try object(file(other, step: 7))
    for key in ["shards", "suspects", "run_folder"] { (batch[key], again[key]) = (nil, nil) }
    #expect(batch as NSDictionary == again as NSDictionary)
  }

  /// Launched again it ends there again; told to skip, it continues from there.
  @Test func aStoppedRunGoesOnWithoutTheBatch() throws {
    let folder = try TemporaryFolder()
    let (run, whole) = (RunResult(folder.file("run")), RunResult(folder.file("whole")))
    let data = try Self.data(folder, "x", bad: [7])
    for ranks in [2, 4] { try train(run, data, ranks: ranks, code: 65) }
    try train(run, data + ["--on-bad-loss", "skip"], ranks: 2)
    try train(whole, data + ["--on-bad-loss", "skip"])
    #expect(try run.metrics() == whole.metrics())
    #expect(try run.digests(12) == whole.digests(12))
  }

  /// Loss and gradient stay finite where a channel's variance becomes infinite: it is then 0 everywhere in the batch, and
  /// for ever in evaluation.
  @Test func runningStatisticsThatOverflowAreSeen() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options = ["--encoder-kwargs", #"{"norm_layer": "batch_norm"}"#]
    let result = try train(run, try Self.data(folder, "x", bad: [7], value: 1e30) + options, ranks: 2, code: 65)
    expectOneMessage(result, 65, says: ["step 7", "the running statistics are not finite numbers", "sample 109"])
    let batch = try object(file(run, step: 7))
    #expect((batch["statistics_not_finite"] as? [String])?.contains("encoder.1.running_var") == true)
    #expect((batch["gradients_not_finite"] as? [String]) == [])
    #expect(try replay(file(run, step: 7)).errors.contains("the same as recorded"))
  }

  @Test func withoutCheckpointsTheBatchIsStillWritten() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let data = try Self.data(folder, "x", bad: [1])
    let result = try train(run, data + ["--enable-checkpointing", "false"], ranks: 2, code: 65)
    expectOneMessage(result, 65, says: ["step 1", "sample 13"])
    #expect(run.checkpoints.isEmpty)
    #expect(try object(file(run, step: 1))["checkpoint"] == nil)
  }

  // MARK: Skip

  /// Update, the optimizer's count and the mean of the epoch leave the batch out; its line says so.
  @Test(arguments: [nil, 2, 4] as [Int?])
  func aSkippedBatchIsAsIfItHadNeverBeen(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let (run, oracle) = (RunResult(folder.file("run")), RunResult(folder.file("oracle")))
    let result = try train(run, try Self.data(folder, "x", bad: [3, 7]) + ["--on-bad-loss", "skip"], ranks: ranks)
    #expect(result.errors.components(separatedBy: "the update is left out").count == 3, "\(result.text)")
    try train(oracle, try Self.data(folder, "y", bad: [3, 7], without: [3, 7]))
    try expectSameTensors(run, 12, oracle, 10)
    let lines = run.lines
    #expect(lines.count == 12)
    for (step, line) in zip(1..., lines) {
      #expect(line.contains(#""bad_step":"skipped""#) == [3, 7].contains(step), "\(line)")
      #expect(line.contains(#""loss":null"#) == [3, 7].contains(step), "\(line)")
      #expect(line.contains(#""loss_bits":"7ff8000000000000""#) == [3, 7].contains(step), "\(line)")
    }
    func numbers(_ run: RunResult) throws -> [String] {
      try run.metrics().filter { !$0.contains("bad_step") }.map {
        $0.split(separator: ",").filter { !$0.hasPrefix("\"step\"") && !$0.hasPrefix("\"epoch\"") }.joined()
      }
    }
    #expect(try numbers(run) == numbers(oracle))
    let state = try object(run.checkpoint(12) + "/state.json")
    #expect(state["updates"] as? Int == 10 && state["bad_steps_in_a_row"] == nil)
    let metrics = try #require(state["metrics"] as? [String: Double])
    #expect(
      metrics["loss"] == (try object(oracle.checkpoint(10) + "/state.json")["metrics"] as? [String: Double])?["loss"])
    #expect(FileManager.default.fileExists(atPath: file(run, step: 3)))
  }

  /// The tenth bad step in a row ends the run, and ends it again when it is launched again.
  @Test func tenInARowStop() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options =
      try Self.data(folder, "x") + [
        "--optimizer", "sgd", "--learning-rate", "1e30", "--on-bad-loss", "skip", "--checkpoint-every-n-steps", "4",
      ]
    for ranks in [2, nil, 4] as [Int?] {
      let result = try train(run, options, ranks: ranks, code: 65)
      expectOneMessage(result, 65, says: ["step 11", "for the 10th step in a row", "--learning-rate"])
      #expect(run.checkpoints.last == 10 && run.lines.count == 10)
    }
  }

  // MARK: Roll back

  /// Steps 5 and 6 came to nothing and 7 is left out.
  @Test(arguments: [nil, 2, 4] as [Int?])
  func aRollbackIsAsIfTheStepsSinceTheCheckpointHadNeverBeen(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let (run, oracle) = (RunResult(folder.file("run")), RunResult(folder.file("oracle")))
    let options = ["--on-bad-loss", "rollback", "--checkpoint-every-n-steps", "4", "--keep-checkpoints", "2"]
    let result = try train(run, try Self.data(folder, "x", bad: [7]) + options, ranks: ranks)
    #expect(result.errors.contains("the run resumes from the checkpoint of step 4"), "\(result.text)")
    try train(oracle, try Self.data(folder, "y", without: [5, 6, 7]))
    try expectSameTensors(run, 12, oracle, 9)
    let line = run.lines[6]
    #expect(line.hasSuffix(#","bad_step":"rolled_back","rolled_back_to":4}"#), "\(line)")
    let state = try object(run.checkpoint(12) + "/state.json")
    #expect(state["updates"] as? Int == 9)
  }

  @Test func withoutACheckpointToReturnToARunStops() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options =
      try Self.data(folder, "x", bad: [3]) + [
        "--on-bad-loss", "rollback", "--checkpoint-every-n-steps", "4",
      ]
    for ranks in [2, nil] as [Int?] {
      let result = try train(run, options, ranks: ranks, code: 65)
      expectOneMessage(result, 65, says: ["step 3", "there is no checkpoint of the schedule to return to"])
      #expect(run.checkpoints == [2])
    }
  }

  @Test func aDamagedCheckpointIsNotReturnedTo() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options =
      try Self.data(folder, "x", bad: [7]) + [
        "--on-bad-loss", "rollback", "--checkpoint-every-n-steps", "4",
      ]
    try train(run, options + ["--max-steps", "6"])
    try folder.write("run/checkpoints/step-00000004/model.safetensors", "half")
    let result = try train(run, options, ranks: 2, code: 65)
    expectOneMessage(result, 65, says: ["step 7", "the checkpoint to return to is not whole"])
  }

  // MARK: Interrupted

  /// A run that stops in the middle, with a checkpoint there (a signal) or without (a kill), and resumes.
  @Test(arguments: ["skip", "rollback"], [true, false])
  func anInterruptedRunIsTheUndisturbedOne(_ mode: String, _ leavesCheckpoint: Bool) throws {
    let folder = try TemporaryFolder()
    let whole = RunResult(folder.file("whole"))
    let options =
      try Self.data(folder, "x", bad: [7, 11]) + [
        "--on-bad-loss", mode, "--checkpoint-every-n-steps", "4", "--keep-checkpoints", "2",
      ]
    try train(whole, options, ranks: 4)
    let isFull = ProcessInfo.processInfo.environment["BT_DIST_FAULTS"] == "full"
    let all = isFull ? (1...11).map { [$0] } + [[7, 11], [5, 6, 10]] : [mode == "skip" ? [7, 10] : [5, 6]]
    for (index, stops) in all.enumerated() {
      let run = RunResult(folder.file("run\(index)"))
      for (launch, stop) in stops.enumerated() {
        try train(run, options + ["--max-steps", "\(stop)"], ranks: [2, nil, 4][launch])
        if !leavesCheckpoint && stop % 4 != 0 {
          try FileManager.default.removeItem(atPath: run.checkpoint(stop))
        }
      }
      try train(run, options, ranks: 2)
      #expect(try run.metrics() == whole.metrics(), "\(stops)")
      #expect(try run.digests(12) == whole.digests(12), "\(stops)")
    }
  }

  // MARK: Replay

  private func replay(_ file: String, _ options: [String] = [], ranks: Int? = nil) throws -> LaunchResult {
    try Launch.run("bt-dist", ["replay", "--bad-batch", file] + options, ranks: ranks)
  }

  private func contents(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().map { name in
      "\(name) \(try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.modificationDate] ?? "")"
    }
  }

  /// On other numbers of ranks, in a folder that was moved, from the checkpoint before the step or the beginning.
  @Test(arguments: zip([7, 1], [nil, 4] as [Int?]))
  func aBadStepIsReplayed(step: Int, ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let (run, moved) = (RunResult(folder.file("run")), RunResult(folder.file("moved")))
    let data = try Self.data(folder, "x", bad: [step])
    try train(run, data, ranks: 2, code: 65)
    try FileManager.default.moveItem(atPath: run.path, toPath: moved.path)
    let before = try contents(moved.path)
    let seen = try Launch.run("bt-dist", ["inspect", moved.path], ranks: nil)
    #expect(seen.output.contains("bad batches") && seen.output.contains("3e+38"), "\(seen.text)")
    let result = try replay(file(moved, step: step), ranks: ranks)
    let sample = (step - 1) * Self.batch + 13
    expectOneMessage(
      result, 65, says: ["step \(step)", "in the replay too", "the same as recorded", "sample \(sample)"])
    #expect(try contents(moved.path) == before)

    // The file next to another folder names its run.
    try FileManager.default.copyItem(atPath: file(moved, step: step), toPath: folder.file("copy.json"))
    let lost = try replay(folder.file("copy.json"), ranks: ranks)
    #expect(lost.code == 65 && lost.errors.contains("there is no run"), "\(lost.text)")
    try FileManager.default.moveItem(atPath: moved.path, toPath: run.path)
    #expect(try replay(folder.file("copy.json"), ranks: ranks).errors.contains("in the replay too"))

    let mended = try replay(
      file(run, step: step), try Self.data(folder, "y") + ["--threads", "1"], ranks: ranks)
    #expect(mended.code == 0 && mended.output.contains("step \(step) is not bad: loss "), "\(mended.text)")
    let twice = try replay(file(run, step: step), ["--step", "1"], ranks: ranks)
    expectOneMessage(twice, 64, says: ["--step", "those of the bad batch"])
  }

  @Test(arguments: ["skip", "rollback"])
  func aRunWithBadStepsIsReplayed(mode: String) throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options =
      try Self.data(folder, "x", bad: [7, 11]) + [
        "--on-bad-loss", mode, "--checkpoint-every-n-steps", "4", "--log-every-n-steps", "2",
      ]
    try train(run, options + ["--keep-checkpoints", "9"], ranks: 4)
    for (span, ranks) in [(["--first-step", "1"], nil), (["--first-step", "6"], 2)] as [([String], Int?)] {
      let result = try Launch.run("bt-dist", ["replay", "--from", run.path] + span, ranks: ranks)
      #expect(result.code == 0 && result.output.contains("the same bits"), "\(result.text)")
    }
    // The step of a file, from a checkpoint before another bad one.
    try FileManager.default.removeItem(atPath: run.checkpoint(8))
    let again = try replay(file(run, step: 11), ranks: 2)
    expectOneMessage(again, 65, says: ["step 11", "the same as recorded"])

    guard mode == "rollback" else { return }
    try FileManager.default.removeItem(atPath: run.checkpoint(4))
    let gone = try replay(file(run, step: 11), ranks: 2)
    expectOneMessage(gone, 65, says: ["the checkpoint of step 4, to which the run returned, is no longer there"])
  }

  @Test(arguments: [("none.json", ""), ("text.json", "text"), ("format.json", #"{"format": 2}"#)])
  func aFileThatIsNoneIsOneMessage(_ name: String, _ text: String) throws {
    let folder = try TemporaryFolder()
    if !text.isEmpty { try folder.write(name, text) }
    expectOneMessage(try replay(folder.file(name), ranks: text.isEmpty ? 2 : nil), 65, says: [name])
  }
}

extension [UInt8] {
  fileprivate var data: Data { Data(self) }
}
