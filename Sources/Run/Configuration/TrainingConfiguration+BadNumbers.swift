import CommandLine
import Diagnostics

extension TrainingConfiguration {
  /// A run can only return to checkpoints that each of its launches finds: those at steps that the configuration names.
  func validateBadNumbers(origins: ValueOrigins) throws(Failure) {
    guard onBadLoss == .rollback else { return }
    let needed: String
    if out.isEmpty {
      needed = "\(option: "out") FOLDER"
    } else if !enableCheckpointing {
      needed = "\(option: "enable-checkpointing") true"
    } else if checkpointEveryNMinutes != nil && checkpointEveryNSteps == nil {
      needed = "\(option: "checkpoint-every-n-steps") in addition to \(option: "checkpoint-every-n-minutes")"
    } else {
      return
    }
    throw Failure(
      .usage, "there are no checkpoints at fixed steps to roll back to", at: origins.location(of: "on-bad-loss"),
      expected: needed, remedy: "give that, or \(option: "on-bad-loss") skip")
  }
}
