import Diagnostics
import Foundation
import Host
import Synchronization
import Tensors

/// How many threads a rank gets.
package enum RankThreads {
  /// The variable in which users and launchers give a number for every program.
  package static let variable = "OMP_NUM_THREADS"
  /// The most threads that this process has been seen to get.
  private static let proven = Atomic(0)

  /// Sets the threads of this rank; call before the first kernel.
  ///
  /// - Throws: a usage failure where nothing is requested and `OMP_NUM_THREADS` is no number of threads, and where the
  ///   system does not allow so many: OpenMP would end the process.
  package static func configure(requested: Int?) throws(Failure) {
    let count = try count(requested: requested)
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
  static func count(requested: Int?) throws(Failure) -> Int {
    if let requested { return requested }
    if let given = try given() { return given }
    let (processor, ranks) = (Processor.ofHost, Launcher.current?.localSize ?? 1)
    let own = ThreadPool.allowed.map(processor.cores(in:)) ?? ThreadPool.allowedCount
    let launchers = LaunchingProgram.ofProcess?.allowed.map(processor.cores(in:)) ?? processor.cores.count
    let share = own < launchers ? own : own / ranks
    return max(1, min(share, CoreLimit.current().map { $0.cores / ranks } ?? share))
  }

  /// Whether the user has said how many.
  package static func areGiven(requested: Int?) -> Bool { requested != nil || (try? given()) != nil }

  /// The threads of `OMP_NUM_THREADS`: of a list, which OpenMP has for nested regions, the first. nil for a variable that
  /// is not set, or empty, as scripts leave it.
  ///
  /// - Throws: a usage failure for another text, which OpenMP would ignore.
  package static func given(
    in environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(Failure) -> Int? {
    guard let text = environment[variable], !text.allSatisfy(\.isWhitespace) else { return nil }
    let levels = text.components(separatedBy: ",").map { Int32($0.trimmingCharacters(in: .whitespaces)) ?? 0 }
    if levels.allSatisfy({ $0 >= 1 }) { return Int(levels[0]) }
    throw Failure(
      .usage, "not a number of threads", at: "the environment variable \(variable)",
      expected: "an integer of at least 1, or several with commas, of which the first counts", found: "'\(text)'",
      remedy: "export \(variable)=4, or unset it, or give \(option: "threads") 4")
  }
}
