import Configuration
import DataParallel
import Diagnostics
import MPI
import RunRecord

/// Where a run begins: at step 0, or at the checkpoint that rank 0 found.
package struct RunStart {
  let plan: TrainingPlan
  /// Where rank 0 writes checkpoints; nil when nothing is to be written.
  let store: CheckpointStore?
  /// The checkpoint to resume from: on rank 0, if there is one.
  let checkpoint: Checkpoint?
  /// What the numbers are taken from in memory, when there is no checkpoint.
  let origin: RunOrigin?
  /// The checkpoint's; nil for a new run.
  let state: CheckpointState?
  /// Whether the run's steps are its own: false for a replay, which computes as the run did.
  let isNewRun: Bool
  /// What is done about steps that are bad.
  let badStepRule: BadStepRule
  /// What the user should know: skipped checkpoints, changed options, more shards.
  let remarks: [String]

  /// - Parameter store: nil writes no checkpoints.
  package init(
    _ plan: TrainingPlan, from found: SharedCheckpoint, origin: RunOrigin? = nil, store: CheckpointStore?,
    isNewRun: Bool = true, badSteps: BadStepRule? = nil, remarks: [String]
  ) {
    self.isNewRun = isNewRun
    badStepRule = badSteps ?? .configured(plan.configuration.onBadLoss, store)
    self.plan = plan
    self.store = store
    self.remarks = remarks
    self.origin = origin
    (checkpoint, state) = (found.checkpoint, found.state)
  }

  /// Steps done.
  package var step: Int { state?.step ?? 0 }

  /// Rank 0 looks into the run folder and decides; the others follow. A collective.
  ///
  /// - Parameter folder: nil for a run that leaves nothing on disk.
  /// - Parameter origin: where the run continues from, if no checkpoint in the folder says.
  init(
    _ configuration: TrainingConfiguration, _ data: RunData, folder: RunFolder?, origin: RunOrigin?,
    _ communicator: Communicator
  ) throws {
    func makeStore(rollbackInterval: Int? = nil) -> CheckpointStore? {
      folder.map {
        CheckpointStore(
          runFolder: $0.path, keep: configuration.keepCheckpoints, ranking: CheckpointRanking(configuration),
          rollbackInterval: rollbackInterval)
      }
    }
    var store = makeStore()
    var checkpoint: Checkpoint?
    var remarks: [String] = []
    var resumed: TrainingConfiguration?
    try communicator.onRoot {
      guard let folder, let store else { return }
      checkpoint = try Self.findCheckpoint(configuration.resume, store) { remarks.append($0) }
      if checkpoint == nil, configuration.resume == .auto, try folder.configuration() != nil {
        remarks.append("\(folder.path) holds a run without a checkpoint to resume from: it starts anew")
      }
      if let checkpoint { resumed = try folder.configuration() ?? checkpoint.runFolder.configuration() }
      if checkpoint != nil, let stored = try folder.configuration() {
        let changes = try configuration.checkResume(of: stored, path: folder.configurationPath)
        remarks += changes.compactMap(configuration.remark)
      }
    }
    var found = try SharedCheckpoint(checkpoint, communicator)
    if found.state == nil, let run = origin?.run { found = SharedCheckpoint(run) }
    let shards = Self.shards(configuration.shards, before: found.state?.shards, ranks: communicator.size)
    if let before = found.state?.shards, shards != before {
      remarks.append(
        "\(before.counted("shard")) cannot be shared evenly by \(communicator.size.counted("rank")): "
          + "the run resumes with \(shards) shards, equal to rounding")
    }
    var decided = configuration
    if let saved = try communicator.broadcast(resumed) { decided.takeChoices(of: saved) }
    let plan = try communicator.together { try data.plan(decided, shards: shards) }
    remarks += plan.remarks
    if configuration.onBadLoss == .rollback { store = makeStore(rollbackInterval: plan.checkpointInterval) }
    try communicator.onRoot {
      let done = found.state?.step ?? 0
      // A run in memory that is already longer than asked for has nothing to do.
      guard done <= plan.lastStep || folder == nil else {
        throw Failure(
          .usage, "the run has gone further than it should", at: folder?.path,
          expected: "at most \(plan.lastStep) steps", found: "a checkpoint after \(done)",
          remedy: "raise \(option: "max-steps") or \(option: "max-epochs"), or choose another \(option: "out")")
      }
    }
    self.init(plan, from: found, origin: origin, store: store, remarks: remarks)
  }

  /// The shards that were asked for or that the run has, or as many as ranks. When the ranks of a resumed run do not
  /// divide them, their least common multiple.
  package static func shards(_ requested: Int?, before: Int?, ranks: Int) -> Int {
    guard let before else { return requested ?? ranks }
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    // What is too much for an Int is too much for a run, which says so.
    let multiple = (before / divisor(before, ranks)).multipliedReportingOverflow(by: ranks)
    return multiple.overflow ? .max : multiple.partialValue
  }

  private static func findCheckpoint(
    _ resume: TrainingConfiguration.Resume, _ store: CheckpointStore, warn: (String) -> Void
  ) throws -> Checkpoint? {
    switch resume {
    case .auto:
      var damaged: [String] = []
      if let found = store.newestValid(warn: { damaged.append($0) }) {
        damaged.forEach(warn)
        return found
      }
      // To start anew would overwrite what is left of the run.
      if let newest = damaged.first {
        throw Failure(
          .data, "none of the run's checkpoints is whole", at: store.folder, expected: "one to resume from",
          found: "\(damaged.count); \(newest)",
          remedy:
            "bring one back from a copy, or move the folder away, or choose another \(option: "out"), to start anew")
      }
      return nil
    case .path(let path): return try Checkpoint(verifying: path)
    case .never:
      guard store.names().isEmpty else {
        throw Failure(
          .usage, "the folder already holds a run with checkpoints", at: store.folder,
          remedy: "choose another \(option: "out"), or \(option: "resume") auto to resume it")
      }
      return nil
    }
  }
}
