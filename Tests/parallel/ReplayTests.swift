import Files
import Foundation
import TestSupport
import Testing

/// `bt-dist replay` repeats recorded steps to the bit on other numbers of ranks, and finds what is not as recorded.
@Suite struct ReplayTests {
  /// A small ResNet with augmentation and shuffling: 2 steps an epoch, 8 samples left out.
  private static let network = [
    "--encoder", "resnet18", "--width", "16", "--proj-hidden-dim", "32", "--proj-output-dim", "48", "--data",
    "synthetic:3x12x12,n=72", "--batch-size", "32", "--shards", "4", "--warmup-epochs", "1",
  ]

  @discardableResult
  private static func train(_ options: [String], out: String, ranks: Int?) throws -> RunResult {
    let result = try Launch.run("bt-dist", ["train", "--out", out] + options, ranks: ranks)
    try #require(result.code == 0, "\(result.text)")
    return RunResult(out)
  }

  private func replay(_ run: String, _ options: [String] = [], ranks: Int? = nil) throws -> LaunchResult {
    try Launch.run("bt-dist", ["replay", "--from", run] + options, ranks: ranks)
  }

  /// 8 steps on 4 ranks, with checkpoints of steps 6 and 8.
  private final class Material: Sendable {
    let folder: TemporaryFolder
    var run: String { folder.file("run") }

    init() throws {
      folder = try TemporaryFolder()
      try train(
        network + ["--max-epochs", "4", "--keep-checkpoints", "2", "--convolution", "direct"], out: folder.file("run"),
        ranks: 4)
    }

    /// Another run like it.
    func copy(to other: TemporaryFolder) throws -> String {
      try FileManager.default.copyItem(atPath: run, toPath: other.file("run"))
      return other.file("run")
    }
  }

  private static let material = Result { try Material() }

  /// Names, times of change and digests of all files.
  private func contents(_ folder: String) throws -> [String] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    return try names.map { name in
      let path = "\(folder)/\(name)"
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      let isFile = attributes[.type] as? FileAttributeType == .typeRegular
      return "\(name) \(attributes[.modificationDate] ?? "") \(isFile ? try SHA256.hex(ofFile: path) : "")"
    }
  }

  private func edit(_ path: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func editLine(_ run: String, step: Int, _ change: (String) -> String?) throws {
    let path = run + "/metrics.jsonl"
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    let changed = lines.enumerated().compactMap { $0.offset + 1 == step ? change($0.element) : $0.element }
    try #require(changed != lines)
    try changed.map { $0 + "\n" }.joined().write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// 9 digits do not tell it.
  private func changeLastBit(_ run: String, step: Int, _ key: String) throws {
    try editLine(run, step: step) { line in
      let start = line.range(of: "\"\(key)\":\"")!.upperBound
      let digit = line.index(start, offsetBy: 15)
      return line.replacingCharacters(in: digit...digit, with: line[digit] == "0" ? "1" : "0")
    }
  }

  // MARK: The same bits

  private typealias Span = (options: [String], steps: ClosedRange<Int>, from: String)
  private static let spans: [Span] = [
    ([], 7...8, "from the checkpoint of step 6"),
    (["--step", "7"], 7...7, "from the checkpoint of step 6"),
    (["--step", "4"], 1...4, "from the beginning"),
    (["--first-step", "1"], 1...8, "from the beginning"),
  ]

  /// The whole run on every number of ranks, the others on two.
  @Test(
    arguments: [
      (span: 0, ranks: nil), (0, 1), (0, 2), (0, 4), (1, nil), (1, 2), (2, 1), (2, 4), (3, nil), (3, 2),
    ] as [(span: Int, ranks: Int?)])
  func aRunOfFourRanksIsRepeated(_ index: Int, _ ranks: Int?) throws {
    let span = Self.spans[index]
    let run = try Self.material.get().run
    let before = try contents(run)
    let result = try replay(run, span.options, ranks: ranks)
    #expect(result.code == 0, "\(result.text)")
    #expect(result.output.contains(span.from) && result.output.contains("4 ranks"), "\(result.text)")
    for step in 1...8 {
      #expect(result.output.contains("step \(step)  loss recorded") == span.steps.contains(step), "\(result.text)")
    }
    for step in [6, 8] where span.steps.contains(step) {
      #expect(result.output.contains("checkpoint of step \(step): the same bits in all 248 tensors"), "\(result.text)")
    }
    let steps = span.steps.count
    #expect(result.output.hasSuffix("\n\(steps) step\(steps == 1 ? "" : "s"): the same bits\n"), "\(result.text)")
    #expect(try contents(run) == before)
  }

  /// On 4, 2 and 1 ranks in turn, once back to an older checkpoint; each launch leaves a line.
  @Test func aRunOfSeveralLaunchesIsRepeated() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options = Self.network + ["--max-epochs", "4", "--keep-checkpoints", "9"]
    try Self.train(options + ["--max-steps", "3"], out: run.path, ranks: 4)
    try Self.train(options, out: run.path, ranks: 2)
    try Self.train(options + ["--resume", run.checkpoint(6)], out: run.path, ranks: nil)
    let launches = folder.text("run/launches.jsonl").split(separator: "\n")
    try #require(launches.count == 3)
    for (line, first, ranks) in [(0, 1, 4), (1, 4, 2), (2, 7, 1)] {
      #expect(launches[line].contains("\"first_step\":\(first),"), "\(launches[line])")
      #expect(launches[line].contains("\"ranks\":\(ranks),"), "\(launches[line])")
    }
    for (options, steps) in [(["--first-step", "1"], 8), (["--step", "5"], 1), (["--step", "3"], 1)] {
      let result = try replay(run.path, options)
      #expect(result.code == 0 && result.output.contains("\(steps) steps: ") == (steps > 1), "\(result.text)")
    }
  }

  /// The cosine of a longer run is another one: each step is repeated with the end that it had.
  @Test func theEndOfTheCosineIsTheLaunchs() throws {
    let folder = try TemporaryFolder()
    let run = folder.file("run")
    try Self.train(Self.network + ["--max-epochs", "2"], out: run, ranks: nil)
    try Self.train(Self.network + ["--max-epochs", "3"], out: run, ranks: nil)
    for options in [["--step", "4"], ["--step", "6"]] {
      let result = try replay(run, options)
      #expect(result.code == 0, "\(result.text)")
    }
    let both = try replay(run, ["--step", "6", "--first-step", "1"])
    #expect(both.code == 65 && both.errors.contains("--max-epochs 3"), "\(both.text)")
    #expect(both.errors.contains("give --step 4"), "\(both.text)")
  }

  /// The same where steps alone end the cosine.
  @Test func theEndOfACosineInStepsIsTheLaunchs() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options = Self.network + ["--optimizer", "lars", "--learning-rate", "1", "--gradient-clip-val", "1"]
    try Self.train(options + ["--max-steps", "5"], out: run.path, ranks: 2)
    #expect(try run.values("lr").last! < 0.5)
    try Self.train(options + ["--max-steps", "7"], out: run.path, ranks: nil)
    for options in [["--step", "3"], ["--step", "5"], ["--step", "6"]] {
      let result = try replay(run.path, options)
      #expect(result.code == 0, "\(result.text)")
    }
    let both = try replay(run.path, ["--step", "6", "--first-step", "1"])
    #expect(both.code == 65 && both.errors.contains("--max-steps 7"), "\(both.text)")
  }

  /// The last line of a run that was killed.
  @Test func aTornLastLineIsPassedOver() throws {
    let folder = try TemporaryFolder()
    let run = try Self.material.get().copy(to: folder)
    try folder.write("run/metrics.jsonl", folder.text("run/metrics.jsonl") + #"{"step":9,"epoch":4.5,"lo"#)
    let result = try replay(run)
    #expect(result.code == 0 && result.output.hasSuffix("2 steps: the same bits\n"), "\(result.text)")
  }

  @Test func withoutLaunchesTheConfigurationCounts() throws {
    let folder = try TemporaryFolder()
    let run = try Self.material.get().copy(to: folder)
    try FileManager.default.removeItem(atPath: run + "/launches.jsonl")
    let result = try replay(run)
    #expect(result.code == 0 && result.errors.contains("warning: \(run)/launches.jsonl is missing"), "\(result.text)")
  }

  @Test func movedDataAreNamed() throws {
    let folder = try TemporaryFolder()
    let data = try folder.npy("x.npy", [40, 12], normalNumbers(480, seed: 1))
    try folder.npy("y.npy", [40, 12], normalNumbers(480, seed: 2))
    try Self.train(
      [
        "--data", "npy:\(data)", "--augment", "noise=0.1", "--encoder", "mlp", "--mlp-hidden", "16,8",
        "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--max-epochs", "2",
      ], out: folder.file("run"), ranks: 2)
    try FileManager.default.moveItem(atPath: data, toPath: folder.file("moved.npy"))
    let lost = try replay(folder.file("run"))
    #expect(lost.code == 65 && lost.errors.contains("x.npy") && lost.errors.contains("--data SPEC"), "\(lost.text)")
    let found = try replay(folder.file("run"), ["--data", "npy:\(folder.file("moved.npy"))"])
    #expect(found.code == 0, "\(found.text)")
    let other = try replay(folder.file("run"), ["--data", "npy:\(folder.file("y.npy"))"], ranks: 2)
    #expect(other.code == 65 && other.errors.contains("not those that the run was trained on"), "\(other.text)")
  }

  // MARK: Differences

  @Test(arguments: [nil, 2] as [Int?])
  func aChangedBitIsFound(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let run = try Self.material.get().copy(to: folder)
    try changeLastBit(run, step: 7, "loss_bits")
    let result = try replay(run, ranks: ranks)
    #expect(result.code == 65 && result.errors.contains("metrics.jsonl, step 7: the replay differs"), "\(result.text)")
    #expect(result.errors.components(separatedBy: "bt-dist: error:").count == 2, "\(result.text)")
    #expect(result.errors.contains("expected: loss ") && result.errors.contains("remedy: "), "\(result.text)")
    let lines = result.output.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("step 7 ") && $0.contains("DIFFERS, relative: loss ") }, "\(result.text)")
    #expect(lines.contains { $0.hasPrefix("step 8 ") && $0.hasSuffix("same bits") }, "\(result.text)")
  }

  @Test(arguments: [("\"direct\"", "\"winograd\""), ("\"random-state\": 0", "\"random-state\": 1")])
  func otherOptionsAreFound(_ old: String, _ new: String) throws {
    let folder = try TemporaryFolder()
    let run = try Self.material.get().copy(to: folder)
    try edit(run + "/config.json", old, new)
    let result = try replay(run)
    #expect(result.code == 65 && result.errors.contains("metrics.jsonl, step 7: the replay differs"), "\(result.text)")
    #expect(result.errors.contains("config.json") && result.output.contains("DIFFERS in "), "\(result.text)")
  }

  @Test func otherKernelsAreSaidBeforeTheFirstStep() throws {
    let folder = try TemporaryFolder()
    let run = try Self.material.get().copy(to: folder)
    try edit(run + "/launches.jsonl", "\"blas\":\"OpenBLAS", "\"blas\":\"AnotherBLAS")
    try changeLastBit(run, step: 8, "lr_bits")
    let result = try replay(run, ["--threads", "2"])
    #expect(result.code == 65 && result.errors.contains("AnotherBLAS"), "\(result.text)")
    #expect(result.errors.contains("warning: the bits may differ: recorded with AnotherBLAS"), "\(result.text)")
    #expect(result.errors.contains("warning: the bits may differ: recorded with 1 thread a rank"), "\(result.text)")
  }

  /// Three ranks add in MPI's order: the same bits on three ranks again, and a warning on one.
  @Test func ranksThatAreNoPowerOfTwoAreSaid() throws {
    let folder = try TemporaryFolder()
    let run = folder.file("run")
    let options = ["--batch-size", "30", "--shards", "3", "--max-epochs", "2"]
    try Self.train(Self.network + options, out: run, ranks: 3)
    let three = try replay(run, ranks: 3)
    #expect(three.code == 0 && !three.errors.contains("warning: the bits may differ"), "\(three.text)")
    let one = try replay(run)
    #expect([0, 65].contains(one.code), "\(one.text)")
    #expect(one.errors.contains("warning: the bits may differ: recorded on 3 ranks, replayed on 1"), "\(one.text)")
    // In the warning, and again in the error if bits differ.
    let parts = one.errors.components(separatedBy: "the same bits only on 3 ranks")
    #expect(parts.count == (one.code == 65 ? 3 : 2), "\(one.text)")
  }

  @Test func aDamagedCheckpointIsNotCompared() throws {
    let folder = try TemporaryFolder()
    let run = try Self.material.get().copy(to: folder)
    try folder.write("run/checkpoints/step-00000008/model.safetensors", "half")
    let result = try replay(run)
    #expect(result.code == 0, "\(result.text)")
    #expect(result.errors.contains("warning: a checkpoint that is not whole is not compared"), "\(result.text)")
  }

  // MARK: What cannot be replayed

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: Int32
    let says: [String]
    var options: [String] = []
    var ranks: Int?
    var change: @Sendable (ReplayTests, String) throws -> Void = { _, _ in }
  }

  static let cases = [
    Case(testDescription: "behind the last step", code: 64, says: ["--step", "1 to 8"], options: ["--step", "9"]),
    Case(testDescription: "step 0", code: 64, says: ["--step", "at least 1"], options: ["--step", "0"]),
    Case(
      testDescription: "the first behind the last", code: 64, says: ["--first-step", "at most 3"],
      options: ["--step", "3", "--first-step", "4"]),
    Case(testDescription: "three ranks", code: 64, says: ["4 shards", "a divisor of 4"], ranks: 3),
    Case(testDescription: "no folder", code: 65, says: ["there is no run"]) { _, run in
      try FileManager.default.removeItem(atPath: run)
    },
    Case(testDescription: "no configuration", code: 65, says: ["there is no run"], ranks: 2) { _, run in
      try FileManager.default.removeItem(atPath: run + "/config.json")
    },
    Case(testDescription: "no metrics", code: 65, says: ["metrics.jsonl: the run has no metrics"]) { _, run in
      try FileManager.default.removeItem(atPath: run + "/metrics.jsonl")
    },
    Case(testDescription: "empty metrics", code: 65, says: ["metrics.jsonl: the run has recorded no step"]) { _, run in
      try Data().write(to: URL(fileURLWithPath: run + "/metrics.jsonl"))
    },
    Case(testDescription: "a torn line within", code: 65, says: ["metrics.jsonl", "step 7"]) { tests, run in
      try tests.editLine(run, step: 7) { String($0.prefix(40)) }
    },
    Case(testDescription: "a line without bits", code: 65, says: ["the line of step 8", "loss_bits"]) { tests, run in
      try tests.editLine(run, step: 8) { $0.replacingOccurrences(of: "loss_bits", with: "lost_bits") }
    },
    Case(testDescription: "changed digits", code: 65, says: ["step 7", "expected: loss 5", "found:    loss 9"]) {
      tests, run in
      try tests.editLine(run, step: 7) { $0.replacingOccurrences(of: "\"loss\":5", with: "\"loss\":9") }
    },
    Case(testDescription: "a line of a step far away", code: 65, says: ["metrics.jsonl", "step 9"]) { tests, run in
      try tests.editLine(run, step: 8) {
        $0 + "\n" + $0.replacingOccurrences(of: "{\"step\":8", with: "{\"step\":8000000000000000")
      }
    },
    Case(testDescription: "an end before the step", code: 65, says: ["ends before the step"]) { tests, run in
      try tests.edit(run + "/launches.jsonl", "\"max_epochs\":4", "\"max_epochs\":3")
    },
    Case(
      testDescription: "a run that began at a checkpoint that is gone", code: 65, says: ["did not begin at step 1"],
      options: ["--step", "4"]
    ) { tests, run in try tests.edit(run + "/launches.jsonl", "\"first_step\":1", "\"first_step\":5") },
  ]

  @Test(arguments: cases)
  func isOneClearError(_ wrong: Case) throws {
    let folder = try TemporaryFolder()
    let run = try Self.material.get().copy(to: folder)
    try wrong.change(self, run)
    let result = try replay(run, wrong.options, ranks: wrong.ranks)
    #expect(result.code == wrong.code, "\(result.text)")
    for text in wrong.says { #expect(result.errors.contains(text), "no '\(text)': \(result.text)") }
    #expect(result.errors.components(separatedBy: "bt-dist: error:").count == 2, "\(result.text)")
    #expect(!result.output.contains("step 8  loss"), "\(result.text)")
  }

  @Test func aLaunchThatCannotBeRecordedEndsTheRun() throws {
    let folder = try TemporaryFolder()
    try folder.folder("run/launches.jsonl")
    let result = try Launch.run(
      "bt-dist", ["train", "--out", folder.file("run"), "--max-epochs", "1"] + Self.network, ranks: 2)
    #expect(result.code == 73 && result.errors.contains("launches.jsonl"), "\(result.text)")
    #expect(RunResult(folder.file("run")).lines.isEmpty)
  }

  // MARK: Ends and starts

  @Test(arguments: [nil, 2] as [Int?])
  func aSignalEndsAReplay(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let run = folder.file("run")
    try Self.train(
      [
        "--data", "synthetic:12,n=56", "--augment", "noise=0.1", "--encoder", "mlp", "--mlp-hidden", "16,8",
        "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--shards", "2", "--max-epochs",
        "9999", "--max-steps", "9000", "--checkpoint-every-n-steps", "10000",
      ], out: run, ranks: nil)
    let before = try contents(run)
    let launch = try Launch("bt-dist", ["replay", "--from", run, "--first-step", "1"], ranks: ranks)
    let started = launch.wait { launch.output.contains("step 20 ") }
    launch.send(signal: SIGUSR1)
    let result = try launch.finish(limit: 60)
    #expect(started && result.code == 75, "\(result.text)")
    #expect(result.output.contains("interrupted by SIGUSR1 before step 9000; "), "\(result.output.suffix(200))")
    #expect(result.output.hasSuffix("steps: the same bits so far\n"), "\(result.output.suffix(200))")
    #expect(!result.errors.contains("bt-dist: error:"), "\(result.errors)")
    #expect(try contents(run) == before)
  }

  /// Started from another folder, with the run's path from there.
  @Test func thePathOfTheRunMayBeRelative() throws {
    let result = try Launch.run(
      "bt-dist", ["replay", "--from", "run", "--step", "7"], ranks: 1, folders: [Self.material.get().folder.path])
    #expect(result.code == 0 && result.output.hasSuffix("1 step: the same bits\n"), "\(result.text)")
  }
}
