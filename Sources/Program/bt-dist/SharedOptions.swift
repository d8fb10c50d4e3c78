import CommandLine
import DataParallel
import Diagnostics
import MPI
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
  try communicator.together { try RankThreads.configure(requested: threads) }
  for remark in try communicator.kernelRemarks() where communicator.rank == 0 { Console.errors.warn(remark) }
}

/// Throws for the first option without a value.
func requireOptions(_ options: [(name: String, value: String)]) throws(Failure) {
  for option in options where option.value.isEmpty {
    throw Failure(.usage, "an option is missing", expected: "--\(option.name)", remedy: "give it, or ask --help")
  }
}
