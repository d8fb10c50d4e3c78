import Diagnostics
import Foundation
import Host
import Synchronization
import Tensors

/// How many threads a rank gets.
package enum RankThreads {
  /// The most threads that this process has been seen to get.
  private static let proven = Atomic(0)

  /// Sets the threads of this rank; call before the first kernel.
  ///
  /// - Throws: a `Failure(.usage)` where the system does not allow so many: OpenMP would end the process.
  package static func configure(requested: Int?) throws(Failure) {
    let count = count(requested: requested)
    if count > proven.load(ordering: .relaxed) {
      // Those beside the main thread, and one each for data, lock and checkpoints.
      try WorkerThread.require(count - 1 + 3, to: "compute")
      proven.store(count, ordering: .relaxed)
    }
    ThreadPool.configure(threads: count)
  }

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
