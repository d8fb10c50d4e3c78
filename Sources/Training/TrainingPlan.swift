import Configuration
import Diagnostics

/// What is decided before the first step and stays: the configuration with nothing left open, and the run's length.
public struct TrainingPlan: Sendable {
  /// With shards and epochs resolved, as `config.json` stores it.
  public let configuration: TrainingConfiguration
  public let shards: Int
  public let stepsPerEpoch: Int
  /// The step after which the run ends.
  public let lastStep: Int
  /// Samples at the end of an epoch that do not fill a batch.
  public let samplesLeftOut: Int

  init(_ configuration: TrainingConfiguration, shards: Int, samples: Int) throws {
    let batch = configuration.batchSize
    guard batch <= samples else {
      throw Failure(
        .usage, "the batch is larger than the data set", at: "--batch-size", expected: "at most \(samples) samples",
        found: "\(batch)", remedy: "choose a smaller batch; only whole batches are trained on")
    }
    guard batch % shards == 0 else {
      throw Failure(
        .usage, "the batch cannot be shared out evenly over \(shards) shards", at: "--batch-size",
        expected: "a multiple of \(shards)", found: "\(batch)",
        remedy: "choose --batch-size \(max(1, batch / shards) * shards), or another number of ranks or --shards")
    }
    self.configuration = configuration
    self.shards = shards
    stepsPerEpoch = samples / batch
    samplesLeftOut = samples % batch
    // Saturating: "a very long time" is a legitimate number of epochs.
    let byEpochs = configuration.maxEpochs.map { $0.multipliedReportingOverflow(by: samples / batch) }
    lastStep = min(byEpochs.map { $0.overflow ? .max : $0.partialValue } ?? .max, configuration.maxSteps ?? .max)
  }

  /// Whether a checkpoint is to be saved after `step` steps: at the end of each epoch unless a number of steps is given,
  /// and at the end of the run.
  func isCheckpointDue(after step: Int) -> Bool {
    step == lastStep || step % (configuration.checkpointEveryNSteps ?? stepsPerEpoch) == 0
  }

  func epoch(after step: Int) -> Double { Double(step) / Double(stepsPerEpoch) }
}
