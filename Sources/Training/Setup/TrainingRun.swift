import Configuration
import DataParallel
import Datasets
import Diagnostics
import MPI
import Tensors

/// A training run on the ranks of a communicator, from its configuration to its last checkpoint.
public struct TrainingRun {
  public let folder: RunFolder
  public let summary: RunSummary
  private let parts: TrainingParts

  /// Opens data and folder, plans the network, and loads the newest checkpoint if there is one. A collective.
  ///
  /// - Throws: `AgreedFailure`, the same on all ranks, for whatever is wrong with options, data or folder on any rank, or
  ///   differs between ranks (`RunAgreement.swift`).
  public init(_ configuration: TrainingConfiguration, _ communicator: Communicator) throws {
    RankThreads.configure(requested: configuration.threads)
    communicator.stallWatch?.limit = configuration.stallTimeout
    communicator.position.place = "opening the data"
    let dataset = try communicator.together {
      try configuration.validate()
      return try DataSpec.open(configuration.data)
    }
    let fingerprint = try communicator.together { try dataset.fingerprint() }
    try communicator.requireSameData(dataset, fingerprint: fingerprint)
    communicator.position.place = "looking for a checkpoint"
    let start = try RunStart(configuration, samples: dataset.count, communicator)
    let folder = RunFolder(configuration.out)
    try communicator.onRoot { try folder.store(start.plan.configuration) }
    communicator.position.place = "planning the network and loading its parameters"
    parts = try TrainingParts(start, dataset, communicator)
    var summary = RunSummary(parts, start)
    summary.launch = LaunchRecord(parts, data: fingerprint)
    (self.folder, self.summary) = (folder, summary)
  }

  /// Trains to the end or to a signal. A collective.
  public func train(_ observer: (any TrainingObserver)?) throws -> RunEnd {
    try Trainer(parts, observer: observer).run(summary)
  }
}
