import Configuration
import RunRecord

/// What is done about steps that are bad, and where the checkpoints are that a run may return to.
package enum BadStepRule {
  /// A run: as `--on-bad-loss` says. The store is rank 0's to read; nil for a run that leaves nothing on disk.
  case configured(TrainingConfiguration.OnBadLoss, CheckpointStore?)
  /// A replay: what was done at the steps (counted from 1), and nothing is written.
  ///
  /// - `expected`: on rank 0, the file of the step that is expected to be bad.
  case recorded([Int: BadStepOutcome], CheckpointStore, expected: BadBatch?)

  enum Action {
    case stop, skip
    /// nil: to the newest checkpoint that an undisturbed run has too.
    case rollBack(to: Int?)
  }

  /// - Parameter step: counted from 1.
  func action(step: Int) -> Action {
    switch self {
    case .configured(.stop, _): .stop
    case .configured(.skip, _): .skip
    case .configured(.rollback, _): .rollBack(to: nil)
    case .recorded(let outcomes, _, _):
      switch outcomes[step] {
      case .skipped: .skip
      case .rolledBack(let target): .rollBack(to: target)
      case nil: .stop
      }
    }
  }

  var store: CheckpointStore? {
    switch self {
    case .configured(_, let store): store
    case .recorded(_, let store, _): store
    }
  }

  var isReplay: Bool {
    if case .recorded = self { true } else { false }
  }
}
