import Foundation
import TestSupport
import Testing

/// Every bad input ends on all ranks, without a hang, with one message and the right exit code, also `mpirun`'s.
@Suite struct BadInputTests {
  /// A wrong call: how to prepare it, and what must come of it.
  struct Case: Sendable {
    let name: String
    let code: Int32
    /// What the message must contain.
    let says: [String]
    /// Makes the files and returns the arguments.
    let arguments: @Sendable (TemporaryFolder) throws -> [String]

    init(
      _ name: String, _ code: Int32, says: [String],
      _ arguments: @escaping @Sendable (TemporaryFolder) throws -> [String]
    ) {
      (self.name, self.code, self.says, self.arguments) = (name, code, says, arguments)
    }
  }

  /// `train` on a table of 64 rows with a small network; later options win.
  @Sendable private static func train(_ folder: TemporaryFolder, _ options: [String]) -> [String] {
    let defaults = [
      "--data", "synthetic:12,n=64", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
      "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--max-epochs", "2",
      "--lr-scheduler", "none", "--out", folder.file("run"),
    ]
    let given = Set(options.filter { $0.hasPrefix("--") })
    let kept = stride(from: 0, to: defaults.count, by: 2).filter { !given.contains(defaults[$0]) }
    return ["train"] + kept.flatMap { [defaults[$0], defaults[$0 + 1]] } + options
  }

  private static func trains(_ name: String, _ code: Int32, says: [String], _ options: [String]) -> Case {
    Case(name, code, says: says) { train($0, options) }
  }

  static let options: [Case] = [
    Case("unknown command", 64, says: ["trian", "did you mean train?"]) { _ in ["trian", "--data", "x"] },
    trains("unknown option", 64, says: ["--batchsize", "did you mean --batch-size?"], ["--batchsize", "8"]),
    trains("nidl's name of an option", 64, says: ["--lr", "--learning-rate"], ["--lr", "1e-3"]),
    trains("no number", 64, says: ["--batch-size", "'many'"], ["--batch-size", "many"]),
    trains("no value", 64, says: ["--lambd"], ["--lambd"]),
    trains("no run folder", 64, says: ["--out"], ["--out", ""]),
    trains("empty batch", 64, says: ["--batch-size", "at least 2"], ["--batch-size", "0"]),
    trains("empty embedding", 64, says: ["--proj-output-dim", "at least 1"], ["--proj-output-dim", "0"]),
    trains("negative rate", 64, says: ["--learning-rate"], ["--learning-rate", "-1"]),
    trains(
      "indivisible batch", 64, says: ["the batch cannot be cut into equal shards", "15 samples, 4 shards"],
      ["--batch-size", "15", "--shards", "4"]),
    trains("batch larger than the data", 64, says: ["larger than the data set", "64"], ["--batch-size", "128"]),
    trains("wrong projector input", 64, says: ["--proj-input-dim", "8"], ["--proj-input-dim", "9"]),
    trains("unknown augmentation", 64, says: ["--augment", "did you mean noise?"], ["--augment", "nois=0.1"]),
    trains("image augmentation of a table", 64, says: ["--augment", "images"], ["--augment", "flip"]),
    trains("unknown data", 64, says: ["did you mean synthetic?"], ["--data", "sinthetic:12"]),
    trains(
      "unknown optimizer parameter", 64, says: ["momentum", "sgd"], ["--optimizer-kwargs", #"{"momentum": 0.9}"#]),
    trains("missing checkpoint to resume", 65, says: ["no-such"], ["--resume", "/no-such/step-00000001"]),
    Case(
      "unknown key of a file", 64, says: ["run.json5, line 3: unknown key 'batch-sise'", "did you mean batch-size?"]
    ) {
      train($0, ["--config", try $0.write("run.json5", "{\n  // mine\n  'batch-sise': 16,\n}\n")])
    },
    Case("syntax error of a file", 64, says: ["run.json5, line 3, column 11: not valid JSON5"]) {
      train($0, ["--config", try $0.write("run.json5", "{\n  'lambd': 0.01,\n  'width' 16,\n}\n")])
    },
    Case("value out of range in a file", 64, says: ["run.json5, line 1, key 'lambd'", "-1"]) {
      train($0, ["--config", try $0.write("run.json5", "{lambd: -1}")])
    },
    Case("missing file of options", 64, says: ["nowhere.json5"]) {
      train($0, ["--config", $0.file("nowhere.json5")])
    },
  ]

  static let data: [Case] = [
    trains("missing npy", 65, says: ["/no-such.npy"], ["--data", "npy:/no-such.npy"]),
    trains("missing idx", 65, says: ["/no-such.idx"], ["--data", "idx:/no-such.idx"]),
    Case("folder instead of a file", 65, says: ["f.npy"]) { train($0, ["--data", "npy:\(try $0.folder("f.npy"))"]) },
    Case("empty file", 65, says: ["x.npy"]) { train($0, ["--data", "npy:\(try $0.write("x.npy", ""))"]) },
    Case("truncated npy", 65, says: ["x.npy", "ends too early"]) {
      try $0.npy("whole.npy", [64, 12], normalNumbers(768, seed: 1))
      return train($0, ["--data", "npy:\(try $0.write("x.npy", try $0.bytes("whole.npy").dropLast(10)))"])
    },
    Case("truncated idx", 65, says: ["x.idx"]) {
      try $0.idx("whole.idx", [64, 3, 4], randomBytes(768, seed: 1))
      return train($0, ["--data", "idx:\(try $0.write("x.idx", try $0.bytes("whole.idx").dropLast(10)))"])
    },
    Case("truncated gzip", 65, says: ["x.idx.gz"]) {
      try $0.idx("whole.idx", [64, 3, 4], randomBytes(768, seed: 1))
      try $0.gzip("whole.idx")
      return train($0, ["--data", "idx:\(try $0.write("x.idx.gz", try $0.bytes("whole.idx.gz").dropLast(50)))"])
    },
    Case("damaged gzip", 65, says: ["x.idx.gz"]) {
      try $0.idx("whole.idx", [64, 3, 4], randomBytes(768, seed: 1))
      try $0.gzip("whole.idx")
      var bytes = try $0.bytes("whole.idx.gz")
      bytes[bytes.count / 2] ^= 16
      return train($0, ["--data", "idx:\(try $0.write("x.idx.gz", bytes))"])
    },
    Case("wrong magic of idx", 65, says: ["x.idx"]) {
      train($0, ["--data", "idx:\(try $0.write("x.idx", [7, 7] + randomBytes(800, seed: 1)))"])
    },
    Case("wrong magic of npy", 65, says: ["x.npy"]) {
      train($0, ["--data", "npy:\(try $0.write("x.npy", [7, 7] + randomBytes(800, seed: 1)))"])
    },
    Case("views of different shapes", 65, says: ["b.npy", "different shapes", "[64, 11]"]) {
      let a = try $0.npy("a.npy", [64, 12], normalNumbers(768, seed: 1))
      let b = try $0.npy("b.npy", [64, 11], normalNumbers(704, seed: 2))
      return train($0, ["--data", "pairs:\(a),\(b)", "--augment", "none"])
    },
    Case("views of different numbers of samples", 65, says: ["b.npy", "different shapes"]) {
      let a = try $0.npy("a.npy", [64, 12], normalNumbers(768, seed: 1))
      let b = try $0.npy("b.npy", [63, 12], normalNumbers(756, seed: 2))
      return train($0, ["--data", "pairs:\(a),\(b)", "--augment", "none"])
    },
    Case("labels of another number", 65, says: ["y.npy", "63"]) {
      let x = try $0.npy("x.npy", [64, 12], normalNumbers(768, seed: 1))
      return train($0, ["--data", "npy:\(x),\(try $0.labels("y.npy", 63, classes: 3))"])
    },
    Case("not a number in the data", 65, says: ["x.npy, sample 5, element 7", "nan"]) {
      train($0, try bad($0, at: 5 * 12 + 7))
    },
    Case("infinity in the data", 65, says: ["x.npy, sample 5, element 7", "inf"]) {
      train($0, try bad($0, at: 5 * 12 + 7, .infinity))
    },
    Case("not a number in the last batch", 65, says: ["x.npy, sample 125, element 11"]) {
      train($0, try bad($0, at: 125 * 12 + 11))
    },
    Case("a rate that makes the loss infinite", 65, says: ["step 2", "--learning-rate", "not a finite number"]) {
      train($0, ["--optimizer", "sgd", "--learning-rate", "1e30"])
    },
  ]

  /// A table of 128 rows with one bad value, read in order. All ranks look at every other row before the first step.
  private static func bad(_ folder: TemporaryFolder, at element: Int, _ value: Float = .nan) throws -> [String] {
    var values = normalNumbers(128 * 12, seed: 1)
    values[element] = value
    return ["--data", "npy:\(try folder.npy("x.npy", [128, 12], values))", "--shuffle", "false"]
  }

  static let files: [Case] = [
    Case("run below a file", 73, says: ["plain/run"]) {
      train($0, ["--out", try $0.write("plain", "text") + "/run"])
    },
    Case("run in the place of a file", 73, says: ["plain"]) { train($0, ["--out", try $0.write("plain", "text")]) },
    trains("run where nobody can write", 73, says: ["/proc/bt-dist"], ["--out", "/proc/bt-dist"]),
    Case("metrics in the place of a folder", 73, says: ["metrics.jsonl"]) {
      try $0.folder("run/metrics.jsonl")
      return train($0, [])
    },
    Case("checkpoints in the place of a file", 73, says: ["run"]) {
      try $0.folder("run")
      try $0.write("run/checkpoints", "text")
      return train($0, [])
    },
    trains("missing initial parameters", 65, says: ["/no-such.safetensors"], ["--init", "/no-such.safetensors"]),
    Case("no safetensors", 65, says: ["init.safetensors"]) {
      train($0, ["--init", try $0.write("init.safetensors", "something else entirely")])
    },
    Case("initial parameters without one tensor", 65, says: ["'projection_head.layers.3.weight'"]) {
      try initial($0) { $0 == "projection_head.layers.3.weight" ? nil : $1 }
    },
    Case("initial parameters of another shape", 65, says: ["encoder.0.weight", "[32, 20]", "[20, 32]"]) {
      try initial($0) { $0 == "encoder.0.weight" ? [$1[1], $1[0]] : $1 }
    },
    Case("embedding from no run", 65, says: ["nothing"]) {
      ["embed", "--from", $0.file("nothing"), "--data", "synthetic:12", "--out", $0.file("f.npy")]
    },
    Case("embedding without --data", 64, says: ["--data"]) { ["embed", "--from", $0.path, "--out", "f.npy"] },
    Case("evaluation without --test", 64, says: ["--test"]) { ["eval", "--from", $0.path, "--train", "synthetic:12"] },
  ]

  /// The network of `train-mlp` with its initial parameters, changed.
  private static func initial(
    _ folder: TemporaryFolder, change: (_ name: String, _ shape: [Int]) -> [Int]?
  ) throws -> [String] {
    try writeInit(Fixture("train-mlp"), to: folder.file("init.safetensors"), change: change)
    return train(
      folder,
      [
        "--data", "synthetic:20,n=64", "--mlp-hidden", "32,16", "--proj-hidden-dim", "32", "--proj-output-dim", "48",
        "--init", folder.file("init.safetensors"),
      ])
  }

  /// Some at a time: an `mpirun` whose ranks failed takes a second to end, and does nothing in it.
  private func expectOneMessageEach(_ cases: [Case], ranks: Int?) throws {
    for start in stride(from: 0, to: cases.count, by: 6) {
      let launches = try cases[start..<min(start + 6, cases.count)].map { testCase in
        let folder = try TemporaryFolder()
        return (testCase, folder, try Launch("bt-dist", testCase.arguments(folder), ranks: ranks))
      }
      for (testCase, folder, launch) in launches {
        let result = try withExtendedLifetime(folder) { try launch.finish(limit: 60) }
        expectOneMessage(result, testCase.code, says: testCase.says, testCase.name)
      }
    }
  }

  @Test(arguments: [nil, 2] as [Int?])
  func badOptionsEndWithOneMessage(ranks: Int?) throws { try expectOneMessageEach(Self.options, ranks: ranks) }

  @Test(arguments: [nil, 2] as [Int?])
  func badDataEndWithOneMessage(ranks: Int?) throws { try expectOneMessageEach(Self.data, ranks: ranks) }

  @Test(arguments: [nil, 2] as [Int?])
  func badFilesAndFoldersEndWithOneMessage(ranks: Int?) throws { try expectOneMessageEach(Self.files, ranks: ranks) }

  // MARK: Ranks that do not see the same

  /// The batch cannot be cut into as many parts as there are ranks.
  @Test func indivisibleByRanks() throws {
    let folder = try TemporaryFolder()
    let result = try Launch.run("bt-dist", Self.train(folder, ["--batch-size", "16"]), ranks: 3, limit: 30)
    expectOneMessage(result, 64, says: ["16 samples, 3 shards", "--batch-size 15 or --batch-size 18"])
  }

  /// Sample 13 of 16 is read by rank 1 only.
  @Test func badValueInTheOtherRanksPart() throws {
    let folder = try TemporaryFolder()
    let result = try Launch.run("bt-dist", Self.train(folder, try Self.bad(folder, at: 13 * 12)), ranks: 2, limit: 30)
    expectOneMessage(result, 65, says: ["sample 13, element 0", "rank 1 on "])
  }

  /// In the third step, after two that were written: they stay, and there is no checkpoint of a wrong state.
  @Test func badValueInALaterStep() throws {
    let folder = try TemporaryFolder()
    let options = try Self.bad(folder, at: (32 + 13) * 12) + ["--checkpoint-every-n-steps", "1"]
    let result = try Launch.run("bt-dist", Self.train(folder, options), ranks: 2, limit: 30)
    expectOneMessage(result, 65, says: ["sample 45, element 0", "rank 1 on "])
    #expect(RunResult(folder.file("run")).checkpoints == [1, 2])
    #expect(try RunResult(folder.file("run")).metrics().count == 2)
  }

  /// Two hosts with different files: each rank has a working folder of its own.
  private func runWithData(
    _ command: (TemporaryFolder) -> [String], _ files: [(TemporaryFolder, String) throws -> Void]
  ) throws -> LaunchResult {
    let folder = try TemporaryFolder()
    var folders: [String] = []
    for (rank, makeFile) in files.enumerated() {
      folders.append(try folder.folder("host\(rank)"))
      try makeFile(folder, "host\(rank)/x.npy")
    }
    return try Launch.run("bt-dist", command(folder), ranks: files.count, folders: folders, limit: 30)
  }

  private func table(_ rows: Int, _ columns: Int = 12, seed: UInt64 = 1) -> (TemporaryFolder, String) throws -> Void {
    { try $0.npy($1, [rows, columns], normalNumbers(rows * columns, seed: seed)) }
  }

  private let onRelativePath: (TemporaryFolder) -> [String] = { BadInputTests.train($0, ["--data", "npy:x.npy"]) }

  @Test(arguments: [0, 1])
  func fileMissingOnOneRank(missing: Int) throws {
    var files = [table(64), table(64)]
    files[missing] = { _, _ in }
    let result = try runWithData(onRelativePath, files)
    expectOneMessage(result, 65, says: ["x.npy", "rank \(missing) on "])
  }

  /// Another number of samples would be another number of steps, and a hang.
  @Test func anotherNumberOfSamplesOnOneRank() throws {
    let result = try runWithData(onRelativePath, [table(64), table(48)])
    expectOneMessage(result, 65, says: ["x.npy", "rank 1 on "])
  }

  @Test func anotherShapeOnOneRank() throws {
    let result = try runWithData(onRelativePath, [table(64), table(64, 11)])
    expectOneMessage(result, 65, says: ["x.npy", "rank 1 on "])
  }

  @Test func otherValuesOnOneRank() throws {
    let result = try runWithData(onRelativePath, [table(64), table(64, seed: 2)])
    expectOneMessage(result, 65, says: ["x.npy", "rank 1 on "])
  }

  /// With the same on both, what the tests above do runs.
  @Test func equalFilesOnAllRanksAreFine() throws {
    let result = try runWithData(onRelativePath, [table(64), table(64)])
    #expect(result.code == 0, "\(result.text)")
  }
}
