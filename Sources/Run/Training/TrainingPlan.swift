import Configuration
import Diagnostics
import Loading

/// What is decided before the first step and stays: the configuration with nothing left open, and the run's length.
package struct TrainingPlan: Sendable {
  /// With epochs, shards, batch and warm-up decided, as `config.json` stores it.
  package let configuration: TrainingConfiguration
  /// What was decided because the configuration left it open, and why.
  package let choices: [AutomaticChoice]
  package let batches: BatchPlan
  /// nil without validation data.
  package let validation: ValidationPlan?
  /// The step after which the run ends; `.max`: none.
  package let lastStep: Int
  /// The first step after which early stopping and callbacks may end the run.
  package let earliestStop: Int

  /// Batch and warm-up that the configuration leaves open are chosen here.
  ///
  /// - Parameter shards: S; overrides the configuration's.
  /// - Parameter validationSamples: nil without validation data.
  /// - Parameter made: what was chosen before.
  /// - Parameter end: ends the run earlier than the configuration, whose learning rates stay.
  /// - Throws: what `chooseBatchSize` throws, and a usage failure for a batch that is larger than the data or cannot be
  ///   cut into equal shards, for a limit that leaves no batch, and for what `ValidationPlan` throws.
  package init(
    _ configuration: TrainingConfiguration, shards: Int, samples: Int, validationSamples: Int? = nil,
    until end: Int = .max, choices made: [AutomaticChoice] = []
  ) throws {
    var configuration = configuration
    let validated = configuration.limitValBatches.isNone ? nil : validationSamples
    var problems = FailureCollector()
    problems.attempt { try configuration.validate(shards: shards) }
    configuration.checkBatch(samples: samples, validationSamples: validated, &problems)
    try problems.end()
    let batchChoice = try configuration.chooseBatchSize(samples: samples, validationSamples: validated, shards: shards)
    configuration.shards = shards
    let batchSize = configuration.batchSize ?? TrainingConfiguration.usualBatchSize
    let trains = !configuration.limitTrainBatches.isNone
    let batches = try BatchPlan(
      count: samples, batchSize: batchSize, shards: shards, seed: configuration.randomState,
      shuffle: configuration.shuffle,
      limit: trains
        ? configuration.limitTrainBatches.batches(of: samples / batchSize, "\(option: "limit-train-batches")") : .max)
    let warmupChoice = configuration.chooseWarmup(stepsPerEpoch: batches.stepsPerEpoch)
    choices = made + [batchChoice, warmupChoice].compactMap { $0 }
    validation = try validated.map { try ValidationPlan(configuration, samples: $0, trained: batches) }
    // Saturating: "for ever" is a legitimate number of epochs.
    func steps(epochs: Int) -> Int {
      let (steps, isTooMany) = epochs.multipliedReportingOverflow(by: batches.stepsPerEpoch)
      return isTooMany ? .max : steps
    }
    lastStep = !trains ? 0 : min(configuration.maxEpochs.map(steps) ?? .max, configuration.maxSteps ?? .max, end)
    earliestStop = max(configuration.minEpochs.map(steps) ?? 0, configuration.minSteps ?? 0)
    (self.configuration, self.batches) = (configuration, batches)
  }

  /// Whether a checkpoint is to be saved after `step` steps: at the end of each epoch unless a number of steps or
  /// minutes is given, and at the end of the run.
  package func isCheckpointDue(after step: Int) -> Bool {
    step == lastStep || checkpointInterval.map { step % $0 == 0 } ?? false
  }

  /// Steps between the checkpoints that an undisturbed run has, apart from its last one; nil where only time decides.
  package var checkpointInterval: Int? {
    configuration.checkpointEveryNSteps ?? (configuration.checkpointEveryNMinutes == nil ? batches.stepsPerEpoch : nil)
  }

  package func isEpochEnd(after step: Int) -> Bool { step % batches.stepsPerEpoch == 0 }

  /// Epochs completed after `step` steps; a fraction within an epoch.
  package func epoch(after step: Int) -> Double { Double(step) / Double(batches.stepsPerEpoch) }

  /// What the user should know about the schedule.
  package var remarks: [String] {
    let schedule = configuration.learningRateSchedule
    guard lastStep > 0, schedule.isWarmup(step: lastStep - 1, stepsPerEpoch: batches.stepsPerEpoch) else { return [] }
    let epochs = configuration.warmupEpochs ?? TrainingConfiguration.usualWarmupEpochs
    return [
      "the warm-up of \(epochs) \(epochs == 1 ? "epoch" : "epochs") takes the whole run of "
        + "\(lastStep.counted("step")): "
        + "the learning rate never falls"
    ]
  }
}
