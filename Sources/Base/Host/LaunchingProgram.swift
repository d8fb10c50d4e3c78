import Foundation

/// The program that started the ranks of this host, such as `mpirun` or its daemon: the nearest of this process's
/// ancestors that is one.
package struct LaunchingProgram: Equatable, Sendable {
  /// As the system cuts it, at 15 characters.
  package var name: String
  /// Its file; nil where the system does not tell, as for another user's process.
  package var path: String?
  /// Where it may run: what all ranks of this host may use together. nil where the system does not tell.
  package var allowed: CPUSet?

  /// nil without one.
  package static let ofProcess = find()

  /// Open MPI's and PRRTE's, Hydra's (MPICH, Intel MPI, MVAPICH), and Slurm's.
  private static let names: Set<String> = [
    "mpirun", "mpiexec", "orterun", "orted", "prterun", "prted", "prte", "mpiexec.hydra", "hydra_pmi_proxy",
    "hydra_bstrap_pr", "pmi_proxy", "slurmstepd", "mpirun.openmpi", "mpiexec.openmp", "mpirun.mpich", "mpiexec.mpich",
  ]

  /// Looks past a wrapper script and a debugger, but not at what started a batch job's shell.
  private static func find(depth: Int = 3) -> LaunchingProgram? {
    var process = getppid()
    for _ in 0..<depth where process > 1 {
      guard let status = SystemFile.text("/proc/\(process)/status"),
        let name = SystemFile.field("Name", of: status).map(String.init)
      else { return nil }
      if names.contains(name) {
        return LaunchingProgram(
          name: name, path: try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe"),
          allowed: SystemFile.field("Cpus_allowed_list", of: status).flatMap { CPUSet($0) })
      }
      process = SystemFile.field("PPid", of: status).flatMap { Int32($0) } ?? 0
    }
    return nil
  }
}
