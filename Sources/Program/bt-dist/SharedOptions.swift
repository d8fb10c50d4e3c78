import CommandLine
import DataParallel
import Datasets
import Diagnostics
import Foundation
import MPI
import Reporting
import Training

// What several commands have in common.

extension OptionDefinition {
  /// `--from RUN`
  static func from(_ path: any WritableKeyPath<Target, String> & Sendable) -> Self {
    OptionDefinition("from", path, .path("RUN"), "A run folder, or one of its checkpoints.")
  }

  /// `--threads N|auto`
  static func threads(_ path: any WritableKeyPath<Target, Int?> & Sendable) -> Self {
    OptionDefinition(
      "threads", path, .optional(.integer(atLeast: 1), or: "auto"), "Threads of each rank.", acrossRanks: .mayDiffer)
  }
}

/// Sets the rank's threads, and warns where the ranks' kernels differ. A collective.
func prepareKernels(threads: Int?, _ communicator: Communicator) throws {
  RankThreads.configure(requested: threads)
  for remark in try communicator.kernelRemarks() where communicator.rank == 0 { printWarning(remark) }
}

/// Throws for options without a value.
///
/// - Parameter rejected: options of which enough is said already.
func requireOptions(_ options: [(name: String, value: String)], except rejected: Set<String>) throws(Failure) {
  var problems = FailureCollector()
  for option in options where option.value.isEmpty && !rejected.contains(option.name) {
    problems.add(
      Failure(.usage, "an option is missing", expected: "--\(option.name)", remedy: "give it, or ask --help"))
  }
  try problems.end()
}

/// Opens data sets of a call in which something is wrong, to say what is wrong with them too.
func checkData(
  _ options: [(name: String, spec: String)], except rejected: Set<String>, _ problems: inout FailureCollector
) {
  for option in options where !option.spec.isEmpty && !rejected.contains(option.name) {
    problems.attempt { _ = try DataSpec.open(option.spec) }
  }
}

func printWarning(_ message: String) {
  Console(.standardError).warn(message)
}
