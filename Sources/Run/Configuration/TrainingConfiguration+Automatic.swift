import CommandLine
import Diagnostics

/// Options whose value `auto` becomes a number when data and ranks are known: nidl's where the data allow, else what
/// they hold. A run keeps what its first start chose.
extension TrainingConfiguration {
  /// nidl's batch, and the one that is talked of before the data are known.
  package static let usualBatchSize = 256
  /// nidl's warm-up in epochs.
  package static let usualWarmupEpochs = 10.0
  /// With fewer samples a correlation between features means nothing.
  package static let fewestSamples = 4

  /// `augment` where the recipe is left to the program.
  package static let automaticAugment = "auto"

  /// Options that the first start of a run decides for all later ones.
  static let decidedAtFirstStart = ["augment", "batch-size", "shards", "warmup-epochs"]

  /// Whether the program chooses the value of this option.
  func isAutomatic(_ option: String) -> Bool {
    switch option {
    case "augment": augment == Self.automaticAugment
    case "batch-size": batchSize == nil
    case "shards": shards == nil
    case "warmup-epochs": warmupEpochs == nil
    default: false
    }
  }

  /// Takes what the first start of a run chose, where the choice is still open here. The number of shards is not
  /// taken: it may grow with the ranks.
  package mutating func takeChoices(of saved: TrainingConfiguration) {
    if isAutomatic("augment") { augment = saved.augment }
    batchSize = batchSize ?? saved.batchSize
    warmupEpochs = warmupEpochs ?? saved.warmupEpochs
  }

  /// Sets the batch size if it is open: the largest batch up to nidl's that both data sets fill and that falls into
  /// equal shards, each of a power of two of samples. Returns what was chosen, nil if nothing was open.
  ///
  /// - Parameter shards: more of them than nidl's batch has samples make the batch larger.
  /// - Throws: a failure of kind `.data` for less than `fewestSamples` samples, a usage failure for more shards than
  ///   samples.
  package mutating func chooseBatchSize(
    samples: Int, validationSamples: Int?, shards: Int
  ) throws(Failure) -> AutomaticChoice? {
    guard batchSize == nil else { return nil }
    try requireEnough(samples, shards: shards, "data")
    if let validationSamples { try requireEnough(validationSamples, shards: shards, "val-data") }
    let isLimitedByValidation = (validationSamples ?? .max) < samples
    let filled = min(samples, validationSamples ?? .max)
    let limit = min(filled, max(Self.usualBatchSize, shards))
    var size = shards
    while size <= limit / 2 { size *= 2 }
    batchSize = size
    let reason: String
    if size == Self.usualBatchSize {
      reason = "nidl's"
    } else {
      let largest = shards.nonzeroBitCount == 1 ? "largest power of two" : "largest power of two a shard"
      let bound =
        filled >= max(Self.usualBatchSize, shards)
        ? "nidl's \(Self.usualBatchSize)" : filled.counted(isLimitedByValidation ? "validation sample" : "sample")
      reason = "the \(largest) in \(bound)"
    }
    return AutomaticChoice("batch-size", "\(size)", because: reason)
  }

  /// Collects what is wrong with a batch size that was given and these data.
  package func checkBatch(samples: Int, validationSamples: Int?, _ problems: inout FailureCollector) {
    guard let batchSize else { return }
    if batchSize > samples {
      problems.add(
        Failure(
          .usage, "the batch is larger than the data set", at: "\(option: "batch-size")",
          expected: "at most \(samples)",
          found: "\(batchSize)", remedy: "give a smaller \(option: "batch-size") or more data"))
    }
    if let validationSamples, batchSize > validationSamples {
      problems.add(
        Failure(
          .usage, "the validation data do not fill one batch", at: "\(option: "val-data")",
          expected: "at least \(batchSize.counted("sample"))", found: "\(validationSamples)",
          remedy: "give more validation data, or a smaller \(option: "batch-size")"))
    }
  }

  /// Sets the warm-up if it is open and the schedule has one: nidl's where the schedule is longer than that, else a tenth
  /// of the schedule. Returns what was chosen, nil if nothing was.
  package mutating func chooseWarmup(stepsPerEpoch: Int) -> AutomaticChoice? {
    guard warmupEpochs == nil, lrScheduler == .warmupCosine else { return nil }
    let epochs = finiteMaxEpochs.map(Double.init) ?? maxSteps.map { Double($0) / Double(max(1, stepsPerEpoch)) }
    var chosen = (value: Self.usualWarmupEpochs, reason: "nidl's")
    if let epochs, epochs <= Self.usualWarmupEpochs { chosen = (epochs / 10, "a tenth of the run") }
    warmupEpochs = chosen.value
    return AutomaticChoice("warmup-epochs", shortText(chosen.value), because: chosen.reason)
  }

  private func requireEnough(_ samples: Int, shards: Int, _ option: String) throws(Failure) {
    if samples < Self.fewestSamples {
      throw Failure(
        .data, "there are too few samples to train on", at: "\(option: option)",
        expected: "at least \(Self.fewestSamples)", found: "\(samples)",
        remedy: option == "data" ? "give more data" : "give more of them, or leave \(option: option) out")
    }
    if samples < shards {
      throw Failure(
        .usage, "there are fewer samples than shards", at: "\(option: option)",
        expected: "at least \(shards), one for each shard of a batch", found: "\(samples)",
        remedy: "give more data, or \(self.shards == nil ? "start fewer ranks" : "a smaller \(option: "shards")")")
    }
  }
}
