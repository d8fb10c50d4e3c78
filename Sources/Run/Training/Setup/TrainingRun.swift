import Configuration
import DataParallel
import Datasets
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

  /// Opens the data that the configuration names; see the other initializer. A collective.
  ///
  /// - Parameter report: told on rank 0 of preparations that take several seconds.
  package convenience init(
    _ configuration: TrainingConfiguration, report: ((String) -> Void)? = nil, _ communicator: Communicator
  ) throws {
    communicator.position.place = "opening the data"
    let (dataset, validation) = try communicator.together {
      try configuration.validate()
      return (try DataSpec.open(configuration.data), try configuration.validationSpec.map(DataSpec.open))
    }
    try self.init(configuration, dataset, validation: validation, report: report, communicator)
  }

  /// Opens the folder, plans the network, and loads the newest checkpoint if there is one. A collective.
  ///
  /// - Parameter validation: data that are not trained on, if any.
  /// - Parameter makeEncoder: nil for the encoder that the configuration names.
  /// - Parameter origin: where the run continues from, if no checkpoint in the folder says.
  /// - Throws: `AgreedFailure`, the same on all ranks, for anything that is wrong with options, data or folder on any
  ///   rank, or differs between ranks (`RunAgreement.swift`).
  package init(
    _ configuration: TrainingConfiguration, _ dataset: any Dataset, validation: (any Dataset)? = nil,
    encoder makeEncoder: EncoderMaker? = nil, origin: RunOrigin? = nil, report: ((String) -> Void)? = nil,
    _ communicator: Communicator
  ) throws {
    communicator.stallWatch?.limit = configuration.stallTimeout
    try communicator.together {
      try RankThreads.configure(requested: configuration.threads)
      try configuration.validate()
    }
    let validation = configuration.limitValBatches.isNone ? nil : validation
    communicator.position.place = "comparing the data"
    let fingerprint = try communicator.together { try dataset.fingerprint() }
    try communicator.requireSameData(dataset, fingerprint: fingerprint)
    if let validation { try communicator.requireSameData(validation) }
    let data = try communicator.together { try RunData(dataset, validation: validation, configuration) }
    let folder = configuration.out.isEmpty ? nil : RunFolder(configuration.out)
    lock = try folder?.lock(report: report, communicator)
    communicator.position.place = "looking for a checkpoint"
    let start = try RunStart(configuration, data, folder: folder, origin: origin, communicator)
    try communicator.onRoot { try folder?.store(start.plan.configuration) }
    communicator.position.place = "planning the network and loading its parameters"
    parts = try TrainingParts(start, dataset, validation: validation, makeEncoder, report: report, communicator)
    var chosen = start.plan.configuration
    chosen.kernels = parts.kernels.table.choices
    var remarks: [String] = []
    let saver = parts.saver
    try communicator.onRoot {
      try folder?.store(chosen)
      remarks = try saver.checkSpace()
    }
    var summary = RunSummary(parts, start, memory: try MemoryForecast(parts, communicator))
    summary.remarks += remarks
    summary.launch = LaunchRecord(parts, data: fingerprint)
    summary.launch?.predictedMemory = summary.memory?.peakOfRank
    if let remark = lock?.remark { summary.remarks.insert(remark, at: 0) }
    (self.folder, self.summary) = (folder, summary)
    state = parts.state
  }

  /// Trains to the end, to a signal, or until early stopping or a callback ends the run. A collective.
  ///
  /// - Parameter callback: told on rank 0 only; for several there is `CallbackGroup`.
  package func train(_ callback: (any Callback)?) throws -> RunEnd {
    let folder = communicator.rank == 0 ? folder : nil
    let trainer = Trainer(parts, RunRecord(folder, lock: lock, parts.saver), callback: callback)
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
