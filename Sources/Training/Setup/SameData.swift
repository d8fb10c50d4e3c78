import DataParallel
import Datasets
import Diagnostics
import MPI

extension Communicator {
  /// Throws everywhere unless all ranks see the data set that rank 0 sees. A collective.
  ///
  /// Sizes, labels and up to 64 samples are compared: hosts with an old copy or half of one, which would train on other
  /// data, or wait for each other for ever.
  public func requireSameData(_ dataset: any Dataset) throws {
    guard size > 1 else { return }
    let fingerprint = try together { try dataset.fingerprint() }
    let summary = dataset.summary
    let (rootFingerprint, rootSummary) = (try broadcast(fingerprint), try broadcast(summary))
    try together {
      guard fingerprint != rootFingerprint else { return }
      throw Failure(
        .data, "the data are not those that rank 0 sees", at: dataset.name, expected: rootSummary,
        found: summary == rootSummary ? "the same sizes, but other values or labels" : summary,
        remedy: "bring the same files to every host, or put them on a file system that all hosts share")
    }
  }
}
