import DataParallel
import Diagnostics
import Layers
import Optimization
import RunRecord
import Training

/// Compares a replay with the record, step by step, as the training loop reports them; on rank 0.
///
/// All steps that were logged are compared, also after a difference. The end of the replay then throws the first
/// difference, on all ranks.
final class ReplayComparison: Callback {
  private let recorded: RecordedRun
  private let present: LaunchRecord
  private let state: ParameterSet
  private let optimizer: any Optimizer
  private let store: CheckpointStore
  private let report: (ReplayEvent) -> Void
  /// Where the first difference is, and what was recorded and found there.
  private var first: (place: String, recorded: String, found: String)?

  init(
    _ recorded: RecordedRun, _ present: LaunchRecord, _ parts: TrainingParts, report: @escaping (ReplayEvent) -> Void
  ) {
    self.recorded = recorded
    self.present = present
    self.report = report
    (state, optimizer) = (parts.network.state, parts.optimizer)
    store = CheckpointStore(runFolder: recorded.folder.path, keep: 1)
  }

  func runWillStart(_ summary: RunSummary, _ control: RunControl) throws { report(.began(summary.lines)) }

  func stepDidEnd(_ record: StepRecord) throws {
    if record.step == recorded.badBatch?.step {
      return report(.notBad(step: record.step, loss: record.loss, gradientNorm: record.gradNorm))
    }
    if let numbers = recorded.numbers[record.step] { compare(StepComparison(record, recorded: numbers)) }
    try compareCheckpoint(record.step)
  }

  private func compare(_ step: StepComparison) {
    report(.step(step))
    guard let number = step.differences.first else { return }
    note(
      "\(recorded.folder.metricsPath), step \(step.step)", "\(number.key) \(number.recorded)", "\(number.replayed)")
  }

  private func compareCheckpoint(_ step: Int) throws {
    guard store.names().contains(CheckpointName(step: step)) else { return }
    let checkpoint: Checkpoint
    do { checkpoint = try Checkpoint(verifying: store.path(step: step)) } catch {
      report(.warning("a checkpoint that is not whole is not compared: \(error)"))
      return
    }
    let comparison = try CheckpointComparison(checkpoint, state, optimizer)
    report(.checkpoint(comparison))
    if let name = comparison.differing.first {
      note(
        checkpoint.path, "the tensor '\(name)'",
        "other bits in it, and in \(comparison.differing.count) of \(comparison.tensors.counted("tensor")) in all")
    }
  }

  private func note(_ place: String, _ recorded: String, _ found: String) {
    first = first ?? (place, recorded, found)
  }

  func warn(_ message: String) { report(.warning(message)) }

  func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws {
    guard let first else { return }
    // Agreed already: it does not concern rank 0 alone, whose name would otherwise be in the message.
    throw AgreedFailure(
      Failure(
        .data, "the replay differs from the record", at: first.place, expected: first.recorded, found: first.found,
        remedy: ReplayCauses.remedy(recorded: recorded.launch, present: present)))
  }
}
