import CommandLine
import Diagnostics
import Encoders

extension TrainingConfiguration {
  /// nidl's length of a run, taken if neither epochs nor steps are limited.
  public static let defaultMaxEpochs = 1000

  /// Sets `maxEpochs` to `defaultMaxEpochs` if neither epochs nor steps are limited.
  public mutating func fillInDefaults() {
    if maxEpochs == nil && maxSteps == nil { maxEpochs = Self.defaultMaxEpochs }
  }

  /// `maxEpochs`, unless that is none or endless.
  public var finiteMaxEpochs: Int? { maxEpochs == .max ? nil : maxEpochs }

  /// Throws everything that is wrong with the configuration, as one usage failure.
  ///
  /// Checks the range of every option, then what options mean together where each by itself is right. `origins` lets errors point to the file and
  /// key of a value; without them they name the option. What depends on the data, the encoder or the ranks
  /// (`projInputDim`, default shards) is checked where those are known.
  ///
  /// - Parameter rejected: options that are known to be wrong; nothing is said of them.
  package func validate(origins: ValueOrigins = [:], except rejected: Set<String> = []) throws(Failure) {
    var problems = FailureCollector()
    var wrong = rejected
    for option in Self.optionTable.options where !rejected.contains(option.name) {
      let isRight = problems.attempt { try option.check(self, at: origins.location(of: option.name)) } != nil
      if !isRight { wrong.insert(option.name) }
    }
    for check in Self.checks where wrong.isDisjoint(with: check.options) {
      problems.attempt { try check.run(self, origins) }
    }
    try problems.end()
  }

  /// What options mean together, each check with the options that it looks at.
  private static let checks: [OptionCheck] = [
    OptionCheck("batch-size", "shards") { (options, origins) throws(Failure) in
      if let shards = options.shards { try options.validate(shards: shards, origins: origins) }
    },
    OptionCheck("encoder", "layers") { (options, origins) throws(Failure) in
      try options.validateLayers(origins: origins)
    },
    OptionCheck("max-epochs", "max-steps", "lr-scheduler") { (options, origins) throws(Failure) in
      try options.validateLength(origins: origins)
    },
    OptionCheck("learning-rate", "learning-rate-biases") { (options, origins) throws(Failure) in
      try options.validateRates(origins: origins)
    },
    OptionCheck("check-val-every-n-epoch", "val-check-interval") { (options, origins) throws(Failure) in
      try options.validateInterval(origins: origins)
    },
    OptionCheck("val-data", "early-stopping") { (options, origins) throws(Failure) in
      if let metric = options.earlyStopping { try options.requireMeasured(metric, "early-stopping", origins) }
    },
    OptionCheck("val-data", "monitor", "save-top-k") { (options, origins) throws(Failure) in
      if options.saveTopK != 0 { try options.requireMeasured(options.monitor, "monitor", origins) }
    },
    OptionCheck(
      "on-bad-loss", "out", "enable-checkpointing", "checkpoint-every-n-minutes", "checkpoint-every-n-steps"
    ) { (options, origins) throws(Failure) in
      try options.validateBadNumbers(origins: origins)
    },
    OptionCheck("optimizer", "optimizer-kwargs") { (options, origins) throws(Failure) in
      try options.validateOptimizerKwargs(at: origins.location(of: "optimizer-kwargs"))
    },
    OptionCheck("encoder", "encoder-kwargs") { (options, origins) throws(Failure) in
      try options.validateEncoderKwargs(at: origins.location(of: "encoder-kwargs"))
    },
  ]

  /// Throws unless a run folder is given: `bt-dist train` needs one, a run inside a user's program does not.
  func requireRunFolder(except rejected: Set<String>) throws(Failure) {
    guard out.isEmpty, !rejected.contains("out") else { return }
    throw Failure(
      .usage, "the run folder is missing", at: "\(option: "out")",
      expected: "a folder for configuration, metrics and checkpoints",
      remedy: "add \(option: "out") FOLDER, for example \(option: "out") runs/first")
  }

  /// Throws unless the batch can be cut into `shards` equal parts; one that is still open can.
  ///
  /// For shards that were not given, call this with their number once the ranks are known.
  ///
  /// - Parameter ranks: the remedy's number of shards is one that they can share.
  package func validate(shards: Int, ranks: Int = 1, origins: ValueOrigins = [:]) throws(Failure) {
    guard let batchSize, batchSize % shards != 0 else { return }
    let below = batchSize / shards * shards
    let batches = [below, below + shards].filter { $0 >= 2 }.map { "\(option: "batch-size") \($0)" }
    let others = stride(from: shards / ranks * ranks, to: 0, by: -ranks)
    let divisor = others.first { batchSize % $0 == 0 }.map { ", or \(option: "shards") \($0)" } ?? ""
    throw Failure(
      .usage, "the batch cannot be cut into equal shards",
      at: origins.location(of: origins["batch-size"] == nil ? "shards" : "batch-size"),
      expected: "a batch size that is a multiple of the shards (by default the number of ranks)",
      found: "\(batchSize) samples, \(shards) shards",
      remedy: "give \(batches.joined(separator: " or "))\(divisor)")
  }

  /// Throws unless `ranks` ranks can share out the shards of a new run evenly, and the batch falls into them.
  package func validate(shards: Int, sharedBy ranks: Int) throws(Failure) {
    guard shards % ranks != 0 else { return try validate(shards: shards, ranks: ranks) }
    // A number of shards that fits the ranks and not the batch would be refused in turn.
    let size = batchSize ?? ranks
    let fitting = stride(from: ranks, through: max(ranks, size), by: ranks).first { size % $0 == 0 }
    let batches = [size / ranks * ranks, (size / ranks + 1) * ranks].filter { $0 >= 2 }
      .map { "\(option: "batch-size") \($0)" }.joined(separator: " or ")
    throw Failure(
      .usage, "\(shards.counted("shard")) cannot be shared out evenly over \(ranks.counted("rank"))",
      at: "\(option: "shards")", expected: "a multiple of the number of ranks", found: "\(shards)",
      remedy: "start \(shards) ranks or a divisor of that, or give \(option: "shards") "
        + (fitting.map(String.init) ?? "\(ranks) with \(batches)"))
  }

  private func validateLength(origins: ValueOrigins) throws(Failure) {
    guard maxEpochs != nil || maxSteps != nil else {
      throw Failure(
        .usage, "the run has no end", at: "\(option: "max-epochs")",
        remedy: "give \(option: "max-epochs") or \(option: "max-steps")")
    }
    guard lrScheduler == .none || finiteMaxEpochs != nil || maxSteps != nil else {
      throw Failure(
        .usage, "the schedule warmup_cosine needs an end", at: origins.location(of: "lr-scheduler"),
        expected: "a finite \(option: "max-epochs"), or \(option: "max-steps")", found: "\(option: "max-epochs") -1",
        remedy: "give one of them, or \(option: "lr-scheduler") none")
    }
  }

  /// `--encoder layers` and `--layers` go together: a run with another network would be a surprise.
  private func validateLayers(origins: ValueOrigins) throws(Failure) {
    if encoder == .layers && layers == nil {
      throw Failure(
        .usage, "the encoder has no layers", at: origins.location(of: "encoder"),
        expected: "\(option: "layers") with \(option: "encoder") layers",
        remedy:
          "give \(option: "layers") \"[{linear: 128}, 'relu', {linear: 64}]\", or the key layers in a \(option: "config") file"
      )
    }
    if encoder != .layers && layers != nil {
      throw Failure(
        .usage, "layers are given with another encoder", at: origins.location(of: "layers"),
        expected: "\(option: "encoder") layers",
        found: "\(option: "encoder") \(encoder.rawValue)",
        remedy: "add \(option: "encoder") layers, or leave \(option: "layers") out")
    }
  }

  private func validateRates(origins: ValueOrigins) throws(Failure) {
    if learningRate == 0, let learningRateBiases, learningRateBiases > 0 {
      throw Failure(
        .usage, "biases and norms cannot have a rate where weights have none",
        at: origins.location(of: "learning-rate-biases"),
        expected: "\(option: "learning-rate") above 0, whose schedule both follow",
        found: "\(option: "learning-rate") 0 \(option: "learning-rate-biases") \(learningRateBiases)",
        remedy: "raise \(option: "learning-rate"), or leave out \(option: "learning-rate-biases")")
    }
  }

  /// Sentences on values that were given and have no effect, or a surprising one; for the user, not errors.
  package func remarks(origins: ValueOrigins) -> [String] {
    func unused(_ names: [String], _ reason: String) -> [String] {
      names.filter { origins[$0] != nil }.map { "\(option: $0) has no effect \(reason)" }
    }
    var remarks: [String] = []
    let others = EncoderKind.all.reduce(into: Set<String>()) { $0.formUnion($1.options) }.subtracting(encoder.options)
    let network = Self.optionTable.options.map(\.name).filter(others.contains)
    remarks += unused(network, "with \(option: "encoder") \(encoder.rawValue)")
    if lrScheduler == .none {
      remarks += unused(
        ["lr-interval", "warmup-epochs", "warmup-start-lr", "min-lr"], "with \(option: "lr-scheduler") none")
    }
    if optimizer == .lars && origins["learning-rate"] == nil {
      remarks.append(
        "the default \(option: "learning-rate") \(learningRate) is for adamW; the Barlow Twins paper gives lars 0.2 × batch/256"
      )
    }
    if (gradientClipVal ?? 0) == 0 {
      remarks += unused(["gradient-clip-algorithm"], "without \(option: "gradient-clip-val")")
    }
    return remarks + monitoringRemarks(unused)
  }
}
