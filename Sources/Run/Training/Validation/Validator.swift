import Diagnostics
import Loading
import MPI
import RunRecord
import TwinNetwork

/// Measures the loss on the validation data with the network being trained, in evaluation mode, between two steps.
///
/// The loss of a batch is that of the whole batch of all ranks, standardised over it (nidl's `validation_step`); the
/// result is the mean over the batches. Nothing that the training depends on changes. The views are a function of (seed,
/// sample, view), so that all validations of a run measure the same. A loss that is not a finite number is a failure with
/// the sample that caused it.
final class Validator {
  private let plan: ValidationPlan
  private let network: BarlowTwinsNetwork
  private let communicator: Communicator
  private let control: StepControl
  private let evaluated: EvaluatedBatch
  private let makeLoader: (_ batches: Int) throws -> BatchLoader

  /// nil without validation data.
  init?(_ parts: TrainingParts, _ control: StepControl) {
    guard let set = parts.validation else { return nil }
    let batches = set.plan.batches
    plan = set.plan
    evaluated = EvaluatedBatch(dataset: set.dataset, group: parts.group, samplesPerShard: batches.samplesPerShard)
    network = parts.network
    communicator = parts.communicator
    self.control = control
    let (shards, workers) = (parts.group.localShards, parts.plan.configuration.workers)
    makeLoader = { try set.makeLoader(batches: $0, localShards: shards, workers: workers) }
  }

  func isDue(after step: Int) -> Bool { plan.isDue(after: step) }
  var batches: Int { plan.batches.stepsPerEpoch }

  enum Outcome {
    case measured(ValidationRecord)
    /// By a signal, as `StepControl` has agreed on it.
    case interrupted(Int32)
  }

  /// Tries the first batches, so that what is wrong with them is found before hours of training. A collective.
  func tryOut(interruption: () -> Int32) throws {
    if plan.sanityBatches > 0 { _ = try measure(batches: plan.sanityBatches, interruption) }
  }

  /// The loss after `step` steps. A collective; a failure of any rank is thrown by all of them.
  ///
  /// - Parameter interruption: a signal that this rank has had; asked for before each batch.
  func validate(step: Int, epoch: Double, interruption: () -> Int32) throws -> Outcome {
    let start = monotonicSeconds()
    let (loss, signal) = try measure(batches: batches, interruption)
    if signal != 0 { return .interrupted(signal) }
    return .measured(
      ValidationRecord(step: step, epoch: epoch, loss: loss, milliseconds: 1e3 * (monotonicSeconds() - start)))
  }

  private func measure(batches: Int, _ interruption: () -> Int32) throws -> (loss: MeanLoss, signal: Int32) {
    let loader = control.attempt { try makeLoader(batches) }
    defer { loader?.stop() }
    var mean = MeanLoss()
    for batch in 1...batches {
      communicator.position.place = "validation batch \(batch) of \(batches)"
      control.attempt { _ = try loader?.next(into: network.inputs) }
      let agreed = try control.agree(signal: interruption())
      if agreed.signal != 0 { return (mean, agreed.signal) }
      let loss = try network.evaluate()
      try evaluated.requireFinite(loss, network, at: "validation batch \(batch)") {
        plan.batches.sample(step: batch - 1, place: $0)
      }
      mean.add(loss)
    }
    return (mean, 0)
  }
}
