import Configuration
import Datasets
import Diagnostics

/// What is decided before the first step and stays: the configuration with nothing left open, and the run's length.
public struct TrainingPlan: Sendable {
  /// With shards and epochs resolved, as `config.json` stores it.
  public let configuration: TrainingConfiguration
  public let batches: BatchPlan
  /// The step after which the run ends.
  public let lastStep: Int

  /// - Parameter shards: S; overrides the configuration's.
  /// - Parameter end: ends the run earlier than the configuration, whose learning rates stay.
  /// - Throws: a usage failure for a batch that is larger than the data or does not fall into equal shards.
  package init(_ configuration: TrainingConfiguration, shards: Int, samples: Int, until end: Int = .max) throws {
    try configuration.validate(shards: shards)
    batches = try BatchPlan(
      count: samples, batchSize: configuration.batchSize, shards: shards, seed: configuration.randomState,
      shuffle: configuration.shuffle)
    self.configuration = configuration
    // Saturating: "for ever" is a legitimate number of epochs.
    let byEpochs = configuration.maxEpochs.map { $0.multipliedReportingOverflow(by: samples / configuration.batchSize) }
    lastStep = min(byEpochs.map { $0.overflow ? .max : $0.partialValue } ?? .max, configuration.maxSteps ?? .max, end)
  }

  /// Whether a checkpoint is to be saved after `step` steps: at the end of each epoch unless a number of steps is
  /// given, and at the end of the run.
  package func isCheckpointDue(after step: Int) -> Bool {
    step == lastStep || step % (configuration.checkpointEveryNSteps ?? batches.stepsPerEpoch) == 0
  }

  /// Epochs completed after `step` steps; a fraction within an epoch.
  package func epoch(after step: Int) -> Double { Double(step) / Double(batches.stepsPerEpoch) }

  /// What the user should know of the schedule.
  package var remarks: [String] {
    let schedule = configuration.learningRateSchedule
    guard schedule.isWarmup(step: lastStep - 1, stepsPerEpoch: batches.stepsPerEpoch) else { return [] }
    return [
      "the warm-up of \(configuration.warmupEpochs) epochs takes the whole run of \(lastStep) steps: "
        + "the learning rate never falls"
    ]
  }
}
