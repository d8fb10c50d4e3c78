import Foundation
import Host
import Tensors

/// How many threads a rank gets.
package enum RankThreads {
  /// Sets the threads of this rank; call before the first kernel.
  package static func configure(requested: Int?) { ThreadPool.configure(threads: count(requested: requested)) }

  /// `requested`, else `OMP_NUM_THREADS`, else one for each core that the launcher bound this rank to, else this rank's
  /// share of the cores that the launcher has itself; not more than its share of what the batch system or a container
  /// allows. Hardware threads of one core count once: they share its arithmetic.
  static func count(requested: Int?) -> Int {
    if let requested { return requested }
    if let text = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"], let count = Int(text), count > 0 {
      return count
    }
    let (processor, ranks) = (Processor.ofHost, Launcher.current?.localSize ?? 1)
    let own = ThreadPool.allowed.map(processor.cores(in:)) ?? ThreadPool.allowedCount
    let launchers = LaunchingProgram.ofProcess?.allowed.map(processor.cores(in:)) ?? processor.cores.count
    let share = own < launchers ? own : own / ranks
    return max(1, min(share, CoreLimit.current().map { $0.cores / ranks } ?? share))
  }

  /// Whether the user has said how many.
  package static func areGiven(requested: Int?) -> Bool {
    requested != nil || ProcessInfo.processInfo.environment["OMP_NUM_THREADS"].flatMap { Int($0) } ?? 0 > 0
  }
}
