import Configuration
import Datasets
import Diagnostics
import MPI
import RunRecord

/// The contents of a run's data: what tells them from others, wherever they lie.
struct DataContents: Sendable {
  /// One of the two data sets of a launch.
  struct Part: Sendable {
    /// The option that names it.
    let option: String
    let name: String
    let summary: String
    let fingerprint: String
  }

  let training: Part
  /// nil without validation data.
  let validation: Part?

  /// Reads up to 64 samples of each, and makes sure that all ranks see the same. A collective.
  init(_ dataset: any Dataset, validation: (any Dataset)?, _ communicator: Communicator) throws {
    training = try Part("data", dataset, communicator)
    self.validation = try validation.map { try Part("val-data", $0, communicator) }
  }

  /// The parts whose contents a launch has recorded, and what it recorded.
  func compared(with launch: LaunchRecord?) -> [(part: Part, recorded: String)] {
    guard let launch else { return [] }
    let pairs =
      [(training, launch.data)]
      + [validation].compactMap { part in
        if let part, let recorded = launch.validationData { (part, recorded) } else { nil }
      }
    return pairs.filter { !$0.1.isEmpty }.map { (part: $0.0, recorded: $0.1) }
  }
}

extension DataContents.Part {
  fileprivate init(_ option: String, _ dataset: any Dataset, _ communicator: Communicator) throws {
    let fingerprint = try communicator.together { try dataset.fingerprint() }
    try communicator.requireSameData(dataset, fingerprint: fingerprint)
    self.option = option
    name = dataset.name
    summary = dataset.summary
    self.fingerprint = fingerprint
  }

  /// How the option that accepts the data names them.
  var shortFingerprint: String { String(fingerprint.prefix(16)) }

  /// Whether `--accept-data` names the data.
  func isAccepted(by configuration: TrainingConfiguration) -> Bool {
    (configuration.acceptData ?? "").split(separator: ",").contains { fingerprint.hasPrefix($0) }
  }
}
