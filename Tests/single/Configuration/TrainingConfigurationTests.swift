import Configuration
import Diagnostics
import Optimization
import TestSupport
import Testing

/// For every option a text that is not its default.
let otherTexts = [
  "accept-data": "0123456789abcdef", "channel-axis": "first",
  "data": "synthetic:3x32x32,n=1000", "augment": "none", "shuffle": "false", "batch-size": "128", "workers": "3",
  "encoder": "mlp", "stem": "imagenet", "width": "32", "mlp-hidden": "8,4",
  "encoder-kwargs": #"{"replace_stride_with_dilation": [false, true, true], "norm_layer": "batch_norm"}"#,
  "layers": "[{convolution: 8, kernel_size: [3, 1], padding: 'same', bias: false}, 'relu', 'flatten', {linear: 4}]",
  "n-embedding": "10", "proj-input-dim": "4",
  "proj-hidden-dim": "16", "proj-output-dim": "24", "init": "a \"quoted\" \\ näme\u{1}.safetensors", "lambd": "0.1",
  "loss-form": "dual", "optimizer": "sgd",
  "optimizer-kwargs": #"{"momentum": 0.9, "nesterov": true, "x": [1, 1e-300]}"#,
  "learning-rate": "0.1", "learning-rate-biases": "0.0048", "scale-learning-rate": "linear", "gradient-clip-val": "1.5",
  "gradient-clip-algorithm": "value", "weight-decay": "1e-6", "exclude-bias-and-norm-wd": "false",
  "lr-scheduler": "none",
  "lr-interval": "epoch", "warmup-epochs": "2.5", "warmup-start-lr": "0.30000000000000004", "min-lr": "1e-5",
  "max-epochs": "3", "max-steps": "7", "random-state": "18446744073709551615", "shards": "4", "threads": "2",
  "convolution": "direct", "autotune": "off",
  "kernel-table": #"{"encoder.0.weight": {"forward": "matrixProduct"}}"#,
  "out": "runs/a", "checkpoint-every-n-steps": "5", "keep-checkpoints": "2",
  "checkpoint-every-n-minutes": "0.5", "checkpoint-patience": "60", "time-limit": "1-12:00:00",
  "recompute": "true", "precision": "bf16", "reduction": "mpi", "stall-timeout": "60",
  "resume": "runs/a/checkpoints/step-00000005", "min-epochs": "2", "min-steps": "9", "limit-train-batches": "0.25",
  "val-data": "npy:v.npy", "val-augment": "none", "limit-val-batches": "1", "check-val-every-n-epoch": "2",
  "val-check-interval": "40", "num-sanity-val-steps": "-1", "early-stopping": "val_loss",
  "early-stopping-patience": "5", "early-stopping-min-delta": "0.5", "early-stopping-mode": "max",
  "enable-checkpointing": "false", "save-top-k": "2", "monitor": "loss", "monitor-mode": "max",
  "on-bad-loss": "rollback", "replay": "runs/a/bad-batches/step-00000012.json", "log-every-n-steps": "50",
  "enable-progress-bar": "false", "enable-model-summary": "false",
]

@Suite(.commandLine) struct TrainingConfigurationTests {
  let options = TrainingConfiguration.command.options

  @Test func everyFieldHasOneOption() throws {
    let fields = Array(Mirror(reflecting: TrainingConfiguration()).children)
    #expect(fields.count == options.count)
    var seen: Set<String> = []
    for option in options {
      var configuration = TrainingConfiguration()
      try option.set(&configuration, text: try #require(otherTexts[option.name]))
      let changed = zip(fields, Mirror(reflecting: configuration).children)
        .filter { "\($0.value)" != "\($1.value)" }.compactMap { $1.label }
      #expect(changed.count == 1, "\(option.name) changes \(changed)")
      seen.formUnion(changed)
    }
    #expect(seen.count == fields.count)
  }

  @Test func canonicalJSONKeepsEveryValue() throws {
    for option in options {
      var configuration = TrainingConfiguration()
      try option.set(&configuration, text: try #require(otherTexts[option.name]))
      #expect(try TrainingConfiguration(json: configuration.json) == configuration, "\(option.name)")
      #expect(configuration.json != TrainingConfiguration().json)
    }
    let all = try otherConfiguration()
    #expect(try TrainingConfiguration(json: all.json) == all)
    #expect(try TrainingConfiguration(json: all.json).json == all.json)
  }

  @Test func canonicalJSONIsStable() throws {
    let lines = TrainingConfiguration().json.split(separator: "\n")
    #expect(lines.count == options.count + 2)
    #expect(lines.dropFirst().dropLast().sorted() == Array(lines.dropFirst().dropLast()))
    #expect(lines.contains(#"  "batch-size": "auto","#) && lines.contains(#"  "learning-rate": 0.0003,"#))
    #expect(lines.contains(#"  "max-epochs": null,"#) && lines.contains(#"  "mlp-hidden": [1024, 1024, 512],"#))
    let kwargs = try otherConfiguration().json.split(separator: "\n").first { $0.contains("optimizer-kwargs") }
    #expect(kwargs == #"  "optimizer-kwargs": {"momentum": 0.9, "nesterov": true, "x": [1.0, 1e-300]},"#)
  }

  @Test func readingBackIsStrict() throws {
    #expect(try TrainingConfiguration(json: "{}") == TrainingConfiguration())
    let failure = #expect(throws: Failure.self) { try TrainingConfiguration(json: "{new: 1}", path: "r/config.json") }
    #expect(failure?.location == "r/config.json, line 1" && failure?.message == "unknown key 'new'")
  }

  @Test func differencesNameOldAndNew() throws {
    var new = TrainingConfiguration()
    #expect(new.differences(from: new).isEmpty)
    new.threads = 4
    new.mlpHidden = [8, 4]
    let differences = new.differences(from: TrainingConfiguration())
    #expect(differences.map(\.option) == ["mlp-hidden", "threads"])
    #expect(
      differences.map(\.description) == ["--mlp-hidden 8,4 instead of 1024,1024,512", "--threads 4 instead of null"])
    #expect(differences.map(\.onResume) == [.mustMatch, .mayChange])
    #expect(try otherConfiguration().differences(from: TrainingConfiguration()).count == options.count)
  }

  @Test func resumeWithOtherOptions() throws {
    var saved = TrainingConfiguration()
    saved.shards = 4
    saved.maxEpochs = 10
    var new = saved
    new.shards = nil
    new.threads = 2
    new.maxEpochs = 20
    let allowed = try new.checkResume(of: saved, path: "runs/a/config.json")
    #expect(allowed.map(\.option) == ["max-epochs", "threads"])
    #expect(allowed.map { new.remark(on: $0) != nil } == [true, false])
    // Steps move the end of the cosine only where there are no epochs.
    new.maxSteps = 30
    #expect(try new.checkResume(of: saved, path: "").compactMap { new.remark(on: $0) }.count == 1)
    new.maxEpochs = nil
    let remarks = try new.checkResume(of: saved, path: "").compactMap { new.remark(on: $0) }
    #expect(remarks.count == 2 && remarks[1].hasPrefix("--max-steps 30 instead of null: the cosine now ends"))
    new.maxEpochs = 20
    new.width = 8
    new.lambd = 0.1
    let failure = #expect(throws: Failure.self) { try new.checkResume(of: saved, path: "runs/a/config.json") }
    #expect(failure?.expected == "--width 64 --lambd 0.005" && failure?.found == "--width 8 --lambd 0.1")
    #expect(failure?.location == "runs/a/config.json")
  }

  @Test func optionsThatMayChangeOnResume() {
    let names = options.filter { $0.onResume == .mayChange }.map(\.name)
    #expect(
      names == [
        "accept-data", "channel-axis", "workers", "proj-input-dim", "init", "max-epochs", "max-steps", "min-epochs",
        "min-steps", "num-sanity-val-steps",
        "early-stopping", "early-stopping-patience", "early-stopping-min-delta", "early-stopping-mode", "threads",
        "autotune", "recompute", "precision", "stall-timeout", "time-limit", "out", "enable-checkpointing",
        "checkpoint-every-n-steps", "checkpoint-every-n-minutes", "checkpoint-patience", "keep-checkpoints",
        "resume",
        "save-top-k", "monitor", "monitor-mode", "on-bad-loss", "enable-progress-bar", "enable-model-summary",
      ])
  }

  @Test func optionsThatMayDifferBetweenRanks() {
    #expect(options.filter { $0.acrossRanks == .mayDiffer }.map(\.name) == ["workers", "threads"])
    var configuration = TrainingConfiguration()
    configuration.lambd = 0.01
    let shared = TrainingConfiguration.command.sharedOptions(configuration)
    #expect(shared.count == options.count - 2 && shared.contains { $0 == ("--lambd", "0.01") })
  }

  @Test func valuesSetByAProgramAreChecked() throws {
    func failure(_ change: (inout TrainingConfiguration) -> Void) -> Failure? {
      var configuration = TrainingConfiguration()
      configuration.out = "a"
      configuration.maxEpochs = 20
      change(&configuration)
      do throws(Failure) { try configuration.validate() } catch { return error }
      return nil
    }
    #expect(failure { _ in } == nil)
    #expect(failure { $0.batchSize = 0 }?.location == "--batch-size")
    #expect(failure { $0.projOutputDim = 0 }?.location == "--proj-output-dim")
    #expect(failure { $0.mlpHidden = [] }?.location == "--mlp-hidden")
    #expect(failure { $0.lambd = .nan }?.location == "--lambd")
    #expect(failure { $0.learningRate = .infinity }?.found == "inf")
    #expect(failure { $0.maxEpochs = nil }?.message == "the run has no end")
    for scheduler in LearningRateSchedule.Kind.allCases {
      #expect(failure { ($0.lrScheduler, $0.maxEpochs, $0.maxSteps) = (scheduler, nil, 3) } == nil)
    }
    #expect(failure { $0.gradientClipVal = -1 }?.location == "--gradient-clip-val")
    #expect(failure { $0.onBadLoss = .rollback } == nil)
    #expect(failure { ($0.onBadLoss, $0.enableCheckpointing) = (.rollback, false) }?.location == "--on-bad-loss")
    #expect(failure { ($0.onBadLoss, $0.out) = (.rollback, "") }?.expected == "--out FOLDER")
    #expect(failure { ($0.onBadLoss, $0.checkpointEveryNMinutes) = (.rollback, 5) }?.location == "--on-bad-loss")
    #expect(failure { ($0.onBadLoss, $0.enableCheckpointing) = (.skip, false) } == nil)
    #expect(failure { $0.learningRateBiases = .infinity }?.location == "--learning-rate-biases")
    #expect(failure { ($0.learningRate, $0.learningRateBiases) = (0, 0.1) }?.location == "--learning-rate-biases")
    #expect(failure { ($0.learningRate, $0.learningRateBiases) = (0, 0) } == nil)
    #expect(failure { $0.optimizerKwargs = ["eps": .number(.nan)] }?.location == "--optimizer-kwargs, key 'eps'")
  }

  /// nidl's -1: no limit of steps, and epochs for ever; JSON's numbers 1 and 1.0 are the same.
  @Test func endlessRunsAndPartsOfAnEpoch() throws {
    let endless = try parseTrain(["--out", "a", "--max-epochs", "-1", "--max-steps", "-1", "--lr-scheduler", "none"])
    #expect(endless.options.maxEpochs == .max && endless.options.maxSteps == nil)
    #expect(
      endless.options.json.contains(#""max-epochs": -1,"#) && endless.options.json.contains(#""max-steps": null"#))
    #expect(try TrainingConfiguration(json: endless.options.json) == endless.options)
    #expect(try parseTrain(["--out", "a", "--max-steps", "-1"]).options.maxEpochs == 1000)

    let texts: [(text: String, amount: BatchAmount)] = [
      ("1", .count(1)), ("1.0", .all), ("0.5", .fraction(0.5)), ("12", .count(12)), ("1e-3", .fraction(1e-3)),
      ("1e2", .count(100)), ("0", .none), ("0.0", .none), ("00", .none), ("2.0", .count(2)),
    ]
    for (text, amount) in texts {
      let command = try parseTrain(["--out", "a", "--limit-train-batches", text])
      #expect(command.options.limitTrainBatches == amount)
      #expect(try TrainingConfiguration(json: command.options.json).limitTrainBatches == amount)
    }
    let file = try parseTrain(
      ["--out", "a", "--config", "run.json5"], file: "{limit_val_batches: 0.5, val_check_interval: 3}")
    #expect(file.options.limitValBatches == .fraction(0.5) && file.options.valCheckInterval == .count(3))
    #expect(BatchAmount.fraction(0.5).limited(to: 7) == 3 && BatchAmount.count(9).limited(to: 7) == 7)
    #expect(BatchAmount.fraction(0.1).limited(to: 7) == 0 && BatchAmount.all.limited(to: 7) == 7)
  }

  /// bt-dist wrote them: a default in a file is no wish.
  @Test func noRemarksOnWhatAConfigurationFileHasByDefault() throws {
    let run = try parseTrain(["--out", "a", "--encoder", "mlp"]).options
    func remarks(_ arguments: String..., file: String) throws -> [String] {
      let command = try parseTrain(["--config", "run.json5"] + arguments, file: file)
      return command.options.remarks(origins: command.origins)
    }
    #expect(try remarks(file: run.json) == [])
    #expect(try remarks("--width", "64", file: run.json) == ["--width has no effect with --encoder mlp"])
    #expect(try remarks(file: "{out: 'a', encoder: 'mlp', width: 8}") == ["--width has no effect with --encoder mlp"])
    #expect(try remarks(file: "{out: 'a', encoder: 'mlp', width: 64}") == [])
  }

  @Test func remarksOnMonitoringWithoutEffect() throws {
    func remarks(_ options: String...) throws -> [String] {
      let command = try parseTrain(["--out", "a"] + options)
      return command.options.remarks(origins: command.origins)
    }
    #expect(try remarks("--val-check-interval", "2") == ["--val-check-interval has no effect without --val-data"])
    #expect(
      try remarks("--min-epochs", "2", "--early-stopping-patience", "2") == [
        "--early-stopping-patience has no effect without --early-stopping",
        "--min-epochs has no effect without --early-stopping",
      ])
    #expect(try remarks("--monitor", "loss") == ["--monitor has no effect without --save-top-k"])
    #expect(
      try remarks("--save-top-k", "2", "--monitor", "loss", "--enable-checkpointing", "false") == [
        "--save-top-k has no effect with --enable-checkpointing false",
        "--monitor has no effect with --enable-checkpointing false",
      ])
    #expect(try remarks("--early-stopping", "loss", "--min-epochs", "2", "--val-data", "synthetic:3x8x8") == [])
    #expect(
      try remarks("--val-data", "synthetic:3x8x8", "--limit-val-batches", "0")
        == ["--val-data has no effect with --limit-val-batches 0"])
  }

  @Test func remarksOnValuesWithoutEffect() throws {
    let command = try parseTrain([
      "--out", "a", "--encoder", "mlp", "--width", "8", "--lr-scheduler", "none", "--warmup-epochs", "3",
      "--gradient-clip-val", "0", "--gradient-clip-algorithm", "norm", "--optimizer", "lars",
    ])
    #expect(
      command.options.remarks(origins: command.origins) == [
        "--width has no effect with --encoder mlp", "--warmup-epochs has no effect with --lr-scheduler none",
        "the default --learning-rate 0.0003 is for adamW; the Barlow Twins paper gives lars 0.2 × batch/256",
        "--gradient-clip-algorithm has no effect without --gradient-clip-val",
      ])
  }

  private func otherConfiguration() throws -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    for option in options { try option.set(&configuration, text: otherTexts[option.name]!) }
    return configuration
  }
}
