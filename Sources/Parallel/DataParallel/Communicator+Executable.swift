import Diagnostics
import Files
import MPI

/// All ranks of a job run the same bytes.
extension Communicator {
  /// How the bytes of the running programs differ; nil if they do not. To be called before any other collective: another
  /// version may call others.
  package func executableDifference() throws -> RankDifference? {
    try compare {
      let hash = try RunningProgram.sha256.get()
      return [RankField("executable", hash, text: "\(RunningProgram.path) of SHA-256 \(hash.prefix(16))…")]
    }
  }

  /// What a job of different programs ends with.
  package func otherExecutable(_ difference: RankDifference) -> Failure {
    difference.failure(
      .usage, "not the program that rank 0 runs",
      remedy: "install one build of bt-dist on every host, and give mpirun its full path")
  }
}
