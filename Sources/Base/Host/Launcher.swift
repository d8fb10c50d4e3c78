import Foundation

/// How this process was started, read from the environment before MPI is initialised.
package struct Launcher: Sendable {
  package let rank: Int
  package let size: Int
  /// Ranks on this host, where the launcher tells.
  package let localSize: Int?
  /// Whether the launcher has told MPI how the processes find one another.
  package let connects: Bool

  private static let parent = getppid()

  /// To be called at the start, so that `isGone` can tell.
  package static func watch() { _ = (parent, isWatched) }

  private static let isWatched = current != nil

  /// Whether the launcher of this process has died, for example a killed `mpirun`; never without a launcher. No one
  /// then ends the ranks of the job or learns how they end. Open MPI's own thread ends them too, some seconds later.
  package static var isGone: Bool { isWatched && getppid() != parent }

  /// nil when no launcher started this process: one rank on its own.
  package static var current: Launcher? {
    let environment = ProcessInfo.processInfo.environment
    func number(_ name: String) -> Int? { environment[name].flatMap { Int($0) } }
    if let rank = number("OMPI_COMM_WORLD_RANK"), let size = number("OMPI_COMM_WORLD_SIZE") {
      return Launcher(rank: rank, size: size, localSize: number("OMPI_COMM_WORLD_LOCAL_SIZE"), connects: true)
    }
    if let rank = number("PMI_RANK"), let size = number("PMI_SIZE") {
      return Launcher(rank: rank, size: size, localSize: nil, connects: true)
    }
    guard let rank = number("SLURM_PROCID") else { return nil }
    if environment["PMIX_RANK"] != nil, let size = number("SLURM_NTASKS") {
      let local = environment["SLURM_STEP_TASKS_PER_NODE"].flatMap { Int($0.prefix { $0.isNumber }) }
      return Launcher(rank: rank, size: size, localSize: local, connects: true)
    }
    // srun alone sets these, and not for a batch script.
    if let size = number("SLURM_STEP_NUM_TASKS"), size > 1 {
      return Launcher(rank: rank, size: size, localSize: nil, connects: false)
    }
    return nil
  }
}
