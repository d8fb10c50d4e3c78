import CommandLine
import Diagnostics
import Encoders

extension TrainingConfiguration {
  /// nidl's length of a run, taken if neither epochs nor steps are limited.
  public static let defaultMaxEpochs = 1000

  /// More ranks than any job has.
  package static let mostShards = 1 << 20

  /// Sets `maxEpochs` to `defaultMaxEpochs` if neither epochs nor steps are limited.
  public mutating func fillInDefaults() {
    if maxEpochs == nil && maxSteps == nil { maxEpochs = Self.defaultMaxEpochs }
  }

  /// `maxEpochs`, unless that is none or endless.
  public var finiteMaxEpochs: Int? { maxEpochs == .max ? nil : maxEpochs }

  /// Throws the first thing that is wrong with the configuration, as a usage failure.
  ///
  /// Checks the range of every option, then what options mean together. `origins` lets errors point to the file and
  /// key of a value; without them they name the option. What depends on the data, the encoder or the ranks
  /// (`projInputDim`, default shards) is checked where those are known.
  package func validate(origins: ValueOrigins = [:]) throws(Failure) {
    for option in Self.optionTable.options {
      try option.check(self, at: origins.location(of: option.name))
    }
    if let shards { try validate(shards: shards, origins: origins) }
    try validateLayers(origins: origins)
    try validateLength(origins: origins)
    try validateRates(origins: origins)
    try validateMonitoring(origins: origins)
    try validateBadNumbers(origins: origins)
    try validateOptimizerKwargs(at: origins.location(of: "optimizer-kwargs"))
    try validateEncoderKwargs(at: origins.location(of: "encoder-kwargs"))
  }

  /// Throws unless a run folder is given: `bt-dist train` needs one, a run inside a user's program does not.
  func requireRunFolder() throws(Failure) {
    guard out.isEmpty else { return }
    throw Failure(
      .usage, "the run folder is missing", at: "\(option: "out")",
      expected: "a folder for configuration, metrics and checkpoints",
      remedy: "add \(option: "out") FOLDER, for example \(option: "out") runs/first")
  }

  /// Throws unless the batch can be cut into `shards` equal parts; one that is still open can.
  ///
  /// For shards that were not given, call this with their number once the ranks are known.
  package func validate(shards: Int, origins: ValueOrigins = [:]) throws(Failure) {
    guard (1...Self.mostShards).contains(shards) else {
      throw Failure(
        .usage, "an impossible number of shards", at: origins.location(of: "shards"),
        expected: "1 to \(Self.mostShards)", found: "\(shards)",
        remedy: "give as many as the run has ranks, or a multiple of that")
    }
    guard let batchSize, batchSize % shards != 0 else { return }
    let below = batchSize / shards * shards
    let batches = [below, below + shards].filter { $0 >= 2 }.map { "\(option: "batch-size") \($0)" }
    let divisor = (1...shards).last { batchSize % $0 == 0 } ?? 1
    throw Failure(
      .usage, "the batch cannot be cut into equal shards",
      at: origins.location(of: origins["batch-size"] == nil ? "shards" : "batch-size"),
      expected: "a batch size that is a multiple of the shards (by default the number of ranks)",
      found: "\(batchSize) samples, \(shards) shards",
      remedy: "give \(batches.joined(separator: " or ")), or \(option: "shards") \(divisor)")
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
  ///
  /// A default in a file is no wish: `config.json` and `--print-config` write every option.
  package func remarks(origins: ValueOrigins) -> [String] {
    func isWish(_ name: String) -> Bool {
      guard case .file = origins[name], let option = Self.optionTable[name] else { return origins[name] != nil }
      return option.value(in: self) != option.value(in: TrainingConfiguration())
    }
    func unused(_ names: [String], _ reason: String) -> [String] {
      names.filter(isWish).map { "\(option: $0) has no effect \(reason)" }
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
