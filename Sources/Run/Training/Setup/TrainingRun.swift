import Configuration
import DataParallel
import Datasets
import Diagnostics
import Encoders
import Layers
import MPI
import Optimization
import Planning
import RunRecord
import TwinNetwork

/// A training run on the ranks of a communicator, from its configuration to its last checkpoint.
package final class TrainingRun {
  /// nil when the configuration names none: then nothing is written.
  package let folder: RunFolder?
  package let summary: RunSummary
  /// Where the run is, besides its tensors.
  var state: CheckpointState
  package let parts: TrainingParts
  /// On rank 0 of a run with a folder, until `train` has ended.
  private let lock: RunLock?
  /// Likewise.
  private let place: FolderInPlace?

  /// Opens the data that the configuration names; see the other initializer. A collective.
  ///
  /// - Parameter report: told on rank 0 of preparations that take several seconds.
  package convenience init(
    _ configuration: TrainingConfiguration, report: ((String) -> Void)? = nil, _ communicator: Communicator
  ) throws {
    communicator.position.place = "opening the data"
    let (dataset, validation) = try communicator.together {
      var problems = FailureCollector()
      problems.attempt { try configuration.validate() }
      let data = RunChecks.openData(configuration, ranks: communicator.size, &problems)
      try problems.end()
      return try data()
    }
    try self.init(configuration, dataset, validation: validation, report: report, communicator)
  }

  /// Opens the folder, plans the network, and loads the newest checkpoint if there is one. A collective.
  ///
  /// - Parameter validation: data that are not trained on, if any.
  /// - Parameter makeEncoder: nil for the encoder that the configuration names.
  /// - Parameter needsParameters: false for a run of which only the plan is asked: its parameters stay zero.
  /// - Parameter origin: where the run continues from, if no checkpoint in the folder says.
  /// - Throws: `AgreedFailure`, the same on all ranks, for anything that is wrong with options, data or folder on any
  ///   rank, or differs between ranks (`RunAgreement.swift`).
  package init(
    _ configuration: TrainingConfiguration, _ dataset: any Dataset, validation: (any Dataset)? = nil,
    encoder makeEncoder: EncoderMaker? = nil, origin: RunOrigin? = nil, needsParameters: Bool = true,
    report: ((String) -> Void)? = nil, _ communicator: Communicator
  ) throws {
    communicator.stallWatch?.limit = configuration.stallTimeout
    let validation = configuration.limitValBatches.isNone ? nil : validation
    try communicator.together {
      var problems = FailureCollector()
      problems.attempt { try RankThreads.configure(requested: configuration.threads) }
      problems.attempt { try configuration.validate() }
      let checks = RunChecks(
        configuration, dataset, validation: validation, encoder: makeEncoder, ranks: communicator.size)
      // What is wrong with the options by themselves may be why the checks find something.
      try problems.end()
      checks.run(&problems)
      if communicator.rank == 0, RunChecks.isNew(configuration, origin) { checks.checkNewRun(&problems) }
      try problems.end()
    }
    communicator.position.place = "comparing the data"
    let contents = try DataContents(dataset, validation: validation, communicator)
    let data = try communicator.together { try RunData(dataset, validation: validation, configuration) }
    let folder = configuration.out.isEmpty ? nil : RunFolder(configuration.out)
    self.folder = folder
    let isNew = communicator.rank == 0 && folder?.exists == false
    lock = try folder?.lock(report: report, communicator)
    do {
      var place: FolderInPlace?
      try communicator.onRoot { place = try folder.map { try FolderInPlace($0.path) } }
      self.place = place
      communicator.position.place = "looking for a checkpoint"
      var start = try RunStart(configuration, data, contents, folder: folder, origin: origin, communicator)
      start.needsParameters = needsParameters
      communicator.position.place = "planning the network and loading its parameters"
      parts = try TrainingParts(start, dataset, validation: validation, makeEncoder, report: report, communicator)
      var summary = try Self.summary(parts, start, folder, communicator)
      summary.launch = LaunchRecord(parts, start, contents)
      summary.launch?.predictedMemory = summary.memory?.peakOfRank
      if let remark = lock?.remark { summary.remarks.insert(remark, at: 0) }
      self.summary = summary
    } catch {
      if isNew { folder?.removeIfUnused() }
      throw error
    }
    state = parts.state
  }

  /// Stores the configuration, now that all is planned, and says what is known of the run. A collective.
  private static func summary(
    _ parts: TrainingParts, _ start: RunStart, _ folder: RunFolder?, _ communicator: Communicator
  ) throws -> RunSummary {
    var chosen = start.plan.configuration
    chosen.kernels = parts.kernels.table.choices
    var remarks: [String] = []
    try communicator.onRoot {
      try folder?.store(start.resumption?.recorded(chosen) ?? chosen)
      remarks = try parts.saver.checkSpace()
    }
    var summary = RunSummary(parts, start, memory: parts.memory)
    summary.remarks += remarks
    summary.goingBack = start.resumption?.goingBack
    return summary
  }

  /// Trains to the end, to a signal, or until early stopping or a callback ends the run. A collective.
  ///
  /// - Parameter callback: told on rank 0 only; for several there is `CallbackGroup`.
  package func train(_ callback: (any Callback)?) throws -> RunEnd {
    let folder = communicator.rank == 0 ? folder : nil
    let trainer = Trainer(parts, RunRecord(folder, lock: lock, place: place, parts.saver), callback: callback)
    defer {
      state = trainer.state
      lock?.release()
    }
    return try trainer.run(summary)
  }

  /// Steps done.
  package var step: Int { state.step }
  /// Updates of the parameters; bad steps make none.
  package var updates: Int { state.updateCount }
  package var plan: TrainingPlan { parts.plan }
  package var communicator: Communicator { parts.communicator }
  /// How the network's layers are computed.
  package var kernels: KernelTable { parts.kernels.table }
  package var network: BarlowTwinsNetwork { parts.network }
  package var sampleShape: [Int] { parts.dataset.sampleShape }
  package var optimizer: any Optimizer { parts.optimizer }
}
