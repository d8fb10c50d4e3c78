import Files
import Foundation
import TestSupport
import Testing

/// The validation loss against float64 and PyTorch; on any number of ranks, over stops, and without a trace in training.
@Suite struct ValidationTests {
  private static let network = [
    "--encoder", "mlp", "--mlp-hidden", "16,8", "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size",
    "16", "--shards", "4", "--max-epochs", "4", "--warmup-epochs", "1.5",
  ]
  /// 3 steps an epoch.
  private static let table = network + ["--data", "synthetic:12,n=56", "--augment", "noise=0.1"]
  /// 2 batches, 9 samples left out.
  private static let validation = ["--val-data", "synthetic:12,n=41"]

  @discardableResult
  private func train(_ options: [String], out: String, ranks: Int? = nil) throws -> (run: RunResult, text: String) {
    let result = try Launch.run("bt-dist", ["train", "--out", out] + options, ranks: ranks)
    try #require(result.code == 0, "\(result.text)")
    return (RunResult(out), result.output + result.errors)
  }

  // MARK: The number

  /// The checkpoint's network in double precision, with its running statistics, on other data: two batches and a rest.
  @Test(arguments: [nil, 2, 4] as [Int?])
  func isTheLossOfTheDefinition(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let views = (0..<2).map { view in
      (0..<41 * 12).map {
        normalNumbers(41 * 12, seed: 3)[$0] + 0.5 * normalNumbers(41 * 12, seed: UInt64(4 + view))[$0]
      }
    }
    for (name, values) in zip(["a.npy", "b.npy"], views) { try folder.npy(name, [41, 12], values) }
    let data = "pairs:\(folder.file("a.npy")),\(folder.file("b.npy"))"
    let run = try train(
      Self.table + ["--val-data", data, "--val-augment", "none"], out: folder.file("run"), ranks: ranks
    ).run
    #expect(try run.order().filter { $0.hasPrefix("v") } == ["v3", "v6", "v9", "v12"])
    for (index, step) in [6, 9, 12].enumerated() {
      let model = try run.model(step)
      let oracle = LossOracle(batch: 16, features: 24, lambd: 0.005)
      let terms = try (0..<2).map { batch in
        let z = try views.map { try embeddings(Array($0[batch * 192..<(batch + 1) * 192]), model) }
        return oracle.terms(z[0], z[1])
      }
      let invariance = terms.map(\.invariance).reduce(0, +) / 2
      let redundancy = terms.map(\.redundancy).reduce(0, +) / 2
      func found(_ key: String) throws -> Double { try run.values(key)[index + 1] }
      #expect(abs(try found("val_loss") / (invariance + 0.005 * redundancy) - 1) < 1e-5, "step \(step)")
      #expect(abs(try found("val_loss_invariance") / invariance - 1) < 1e-5, "step \(step)")
      #expect(abs(try found("val_loss_redundancy") / redundancy - 1) < 1e-5, "step \(step)")
    }
    // It is another number at each validation, and another one than the training's.
    #expect(Set(try run.values("val_loss")).count == 4)
  }

  /// Encoder and projector of 16 rows of 12 in evaluation mode.
  private func embeddings(_ x: [Float], _ model: SafetensorsFile) throws -> [Double] {
    func tensor(_ name: String) throws -> [Double] { try model.floats(of: name).map { Double($0) } }
    func linear(_ x: [Double], _ name: String, bias hasBias: Bool = true) throws -> [Double] {
      let (weight, shape) = (try tensor(name + ".weight"), try model.shape(of: name + ".weight"))
      let bias = hasBias ? try tensor(name + ".bias") : [Double](repeating: 0, count: shape[0])
      return (0..<x.count / shape[1]).flatMap { row in
        (0..<shape[0]).map { j in
          (0..<shape[1]).reduce(bias[j]) { $0 + x[row * shape[1] + $1] * weight[j * shape[1] + $1] }
        }
      }
    }
    func normalised(_ x: [Double], _ name: String) throws -> [Double] {
      let (mean, variance) = (try tensor(name + ".running_mean"), try tensor(name + ".running_var"))
      let (weight, bias) = (try tensor(name + ".weight"), try tensor(name + ".bias"))
      return x.enumerated().map { i, value in
        let j = i % mean.count
        return (value - mean[j]) / (variance[j] + 1e-5).squareRoot() * weight[j] + bias[j]
      }
    }
    func relu(_ x: [Double]) -> [Double] { x.map { max(0, $0) } }
    let features = try linear(relu(linear(x.map { Double($0) }, "encoder.0")), "encoder.3")
    let head = "projection_head.layers."
    let first = relu(try normalised(linear(features, head + "0", bias: false), head + "1"))
    return try linear(relu(normalised(linear(first, head + "3", bias: false), head + "4")), head + "6")
  }

  // MARK: What it depends on and what it leaves

  @Test func trainingIsTheSameWithout() throws {
    let folder = try TemporaryFolder()
    let plain = try train(Self.table, out: folder.file("plain"), ranks: 2).run
    let validated = try train(
      Self.table + Self.validation + ["--val-check-interval", "1"], out: folder.file("validated"), ranks: 2
    ).run
    #expect(try validated.metrics().filter { !$0.contains("val_loss") } == plain.metrics())
    #expect(try validated.values("val_loss").count == 12)
    for file in 0..<2 { #expect(try validated.digests(12)[file] == plain.digests(12)[file]) }
  }

  @Test func bitsDoNotDependOnTheRanks() throws {
    let folder = try TemporaryFolder()
    for (name, options) in [
      ("mlp", Self.table + Self.validation),
      (
        "resnet",
        [
          "--data", "synthetic:3x12x12,n=72", "--batch-size", "32", "--shards", "4", "--width", "16",
          "--proj-hidden-dim",
          "32", "--proj-output-dim", "48", "--max-epochs", "2", "--warmup-epochs", "1", "--val-data",
          "synthetic:3x12x12,n=70", "--val-check-interval", "0.5",
        ]
      ),
    ] {
      let runs = try ([1, 2, 4] as [Int]).map { try train(options, out: folder.file("\(name)\($0)"), ranks: $0).run }
      let metrics = try runs[0].metrics()
      #expect(metrics.count { $0.contains("val_loss_bits") } == 4)
      let last = runs[0].checkpoints.last!
      for run in runs.dropFirst() {
        #expect(try run.metrics() == metrics)
        #expect(try run.digests(last) == runs[0].digests(last))
      }
    }
  }

  /// The views of a validation are a function of the seed and the sample: at a rate of 0 only the running statistics
  /// move, and for the same weights two validations of two runs are equal.
  @Test func viewsAreTheSameAtEveryValidation() throws {
    let folder = try TemporaryFolder()
    let table = Self.table + Self.validation
    func last(_ name: String, _ options: [String]) throws -> String {
      try #require(try train(table + options, out: folder.file(name)).run.metrics().last { $0.contains("val_loss") })
    }
    let often = try last("often", ["--val-check-interval", "1"])
    #expect(try last("once", ["--check-val-every-n-epoch", "4", "--workers", "3"]) == often)
    #expect(try last("sane", ["--check-val-every-n-epoch", "4", "--num-sanity-val-steps", "-1"]) == often)
    #expect(try last("other", ["--val-augment", "noise=0.2"]) != often)
  }

  @Test func whatIsUsedIsSaid() throws {
    let folder = try TemporaryFolder()
    let text = try train(Self.table + Self.validation, out: folder.file("run")).text
    #expect(text.contains("validation synthetic:12,n=41: 41 rows of 12"), "\(text)")
    #expect(
      text.contains("2 batches, 9 samples at the end are left out") && text.contains("validation after step 3: loss"))
  }

  // MARK: Over a stop

  static let intervals = [
    [], ["--val-check-interval", "2"], ["--check-val-every-n-epoch", "none", "--val-check-interval", "4"],
    ["--log-every-n-steps", "5", "--val-check-interval", "1"],
  ]

  /// Stopped in turn before, at and after a validation; with early stopping and the best checkpoints.
  @Test(arguments: intervals) func aRunGoesOnToTheSame(_ interval: [String]) throws {
    let folder = try TemporaryFolder()
    let options =
      Self.table + Self.validation + interval
      + ["--early-stopping", "loss", "--early-stopping-patience", "9", "--save-top-k", "1", "--keep-checkpoints", "20"]
    let whole = try train(options, out: folder.file("whole"), ranks: 2).run
    for (stop, ranks) in [(4, 1), (6, 2), (8, 4), (12, 2)] {
      try train(options + ["--max-steps", "\(stop)"], out: folder.file("parts"), ranks: ranks)
    }
    let parts = RunResult(folder.file("parts"))
    #expect(try parts.metrics() == whole.metrics())
    for step in whole.checkpoints { #expect(try parts.digests(step) == whole.digests(step), "step \(step)") }
    #expect(folder.text("parts/checkpoints/best.json") == folder.text("whole/checkpoints/best.json"))
  }

  @Test func stepsThatAreNotLoggedAreNotReplayed() throws {
    let folder = try TemporaryFolder()
    let run = try train(
      Self.table + Self.validation + ["--log-every-n-steps", "5", "--keep-checkpoints", "9"], out: folder.file("run"),
      ranks: 2
    ).run
    #expect(try run.order() == ["v3", "s5", "v6", "v9", "s10", "v12"])
    let replay = try Launch.run("bt-dist", ["replay", "--from", run.path, "--first-step", "1"], ranks: nil)
    #expect(replay.code == 0 && replay.output.hasSuffix("\n2 steps: the same bits\n"), "\(replay.text)")
    #expect(replay.output.contains("checkpoint of step 9: the same bits"), "\(replay.text)")
    let other = try Launch.run("bt-dist", ["replay", "--from", run.path, "--step", "7"], ranks: nil)
    #expect(other.code == 64 && other.errors.contains("--log-every-n-steps 5"), "\(other.text)")
  }

  // MARK: Errors

  static let wrong: [(options: [String], code: Int32, says: [String])] = [
    (["--val-data", "synthetic:12,n=15"], 64, ["--val-data", "do not fill one batch", "at least 16 samples"]),
    (["--val-data", "synthetic:13,n=50"], 64, ["--val-data", "another shape", "[12]", "[13]"]),
    (["--val-data", "npy:missing.npy"], 65, ["missing.npy"]),
    (["--val-data", "synthetic:12,n=50", "--val-check-interval", "4"], 64, ["--val-check-interval", "at most 3"]),
    (["--val-data", "synthetic:12,n=50", "--val-augment", "flip"], 64, ["'flip' is for images"]),
  ]

  @Test(arguments: wrong)
  func wrongValidationIsOneError(_ call: (options: [String], code: Int32, says: [String])) throws {
    let folder = try TemporaryFolder()
    let result = try Launch.run(
      "bt-dist", ["train", "--out", folder.file("run")] + Self.table + call.options, ranks: 2, limit: 30)
    expectOneMessage(result, call.code, says: call.says)
  }

  /// In the first batch it is found before the first step; in the last one at the first validation, or by trying all.
  @Test(arguments: [(sample: 3, trial: "2", step: 0), (125, "1", 3), (125, "-1", 0), (3, "0", 3)])
  func aBadValueIsFoundEarly(_ call: (sample: Int, trial: String, step: Int)) throws {
    let folder = try TemporaryFolder()
    // Neither sample is among the 64 that the ranks compare.
    var values = normalNumbers(130 * 12, seed: 5)
    values[call.sample * 12 + 7] = .nan
    let data = try folder.npy("v.npy", [130, 12], values)
    let result = try Launch.run(
      "bt-dist",
      ["train", "--out", folder.file("run")] + Self.table
        + ["--val-data", "npy:\(data)", "--num-sanity-val-steps", call.trial], ranks: 2, limit: 30)
    #expect(
      result.code == 65 && result.errors.contains("v.npy") && result.errors.contains("\(call.sample)"), "\(result.text)"
    )
    #expect(result.errors.components(separatedBy: "bt-dist: error:").count == 2, "\(result.text)")
    #expect(RunResult(folder.file("run")).lines.count == call.step, "\(result.text)")
  }
}
