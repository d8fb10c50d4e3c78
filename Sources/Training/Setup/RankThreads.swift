import Foundation
import MPI
import Tensors

/// How many threads a rank gets.
public enum RankThreads {
  /// Sets the threads of this rank; call before the first kernel.
  public static func configure(requested: Int?) { ThreadPool.configure(threads: count(requested: requested)) }

  /// `requested`, else `OMP_NUM_THREADS`, else the cores that the launcher bound this rank to, else this rank's share
  /// of the host's cores.
  static func count(requested: Int?) -> Int {
    if let requested { return requested }
    if let text = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"], let count = Int(text), count > 0 {
      return count
    }
    let (cores, allowed) = (sysconf(Int32(_SC_NPROCESSORS_ONLN)), ThreadPool.allowedCores)
    return allowed < cores ? max(1, allowed) : max(1, cores / (Launcher.current?.localSize ?? 1))
  }
}
