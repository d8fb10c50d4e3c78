import Configuration
import Diagnostics
import Loading

/// When a run validates and on which batches: decided before the first step, by Lightning's rules.
package struct ValidationPlan: Sendable {
  /// One epoch of it is a validation, in the data's order.
  package let batches: BatchPlan
  /// The batches that are tried before the first step.
  let sanityBatches: Int
  private let stepsPerEpoch: Int
  /// nil: `interval` counts over all epochs.
  private let everyNEpochs: Int?
  private let interval: Int

  /// - Parameter trained: what the run trains on.
  /// - Throws: a usage failure for data that do not fill one batch (`checkBatch` says it better), and for an interval that is
  ///   longer than an epoch.
  init(_ configuration: TrainingConfiguration, samples: Int, trained: BatchPlan) throws {
    batches = try BatchPlan(
      count: samples, batchSize: trained.batchSize, shards: trained.shards, seed: configuration.randomState,
      shuffle: false,
      limit: configuration.limitValBatches.batches(of: samples / trained.batchSize, "\(option: "limit-val-batches")"))
    let sanity = configuration.numSanityValSteps
    sanityBatches = sanity < 0 ? batches.stepsPerEpoch : min(sanity, batches.stepsPerEpoch)
    (stepsPerEpoch, everyNEpochs) = (trained.stepsPerEpoch, configuration.checkValEveryNEpoch)
    switch configuration.valCheckInterval {
    case .count(let count): interval = count
    case .fraction: interval = max(1, configuration.valCheckInterval.limited(to: stepsPerEpoch))
    }
    if everyNEpochs != nil, interval > stepsPerEpoch {
      throw Failure(
        .usage, "an epoch is shorter than the interval between validations", at: "\(option: "val-check-interval")",
        expected: "at most \(stepsPerEpoch), the batches of an epoch", found: "\(interval)",
        remedy: "give a smaller one, or count over all epochs with \(option: "check-val-every-n-epoch") none")
    }
  }

  /// Whether a validation follows `step` steps.
  ///
  /// As in Lightning, an interval is counted anew in every epoch, so that what is left at an epoch's end is dropped, and
  /// the end of the run alone is not a reason.
  package func isDue(after step: Int) -> Bool {
    guard let everyNEpochs else { return step % interval == 0 }
    let (epoch, batch) = (step - 1).quotientAndRemainder(dividingBy: stepsPerEpoch)
    return (epoch + 1) % everyNEpochs == 0 && (batch + 1) % interval == 0
  }
}

extension BatchAmount {
  /// As many of `total` batches; a usage failure that names `option` for a part that is less than one batch.
  func batches(of total: Int, _ option: String) throws -> Int {
    let batches = limited(to: total)
    guard batches >= 1 || total == 0 else {
      throw Failure(
        .usage, "the part of the batches is less than one batch", at: option,
        expected: "at least \(1 / Double(total)), one of \(total.counted("batch", "batches"))", found: "\(self)",
        remedy: "give a greater part, or a count of batches")
    }
    return batches
  }
}
