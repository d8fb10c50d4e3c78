import Configuration
import Diagnostics
import Foundation

/// When a launch has to have ended, by `--time-limit` or by what the batch system says; rank 0's.
///
/// Found once and then kept on a clock that no one sets.
package struct LaunchDeadline {
  /// Takes a signal's place in the message in which ranks agree on signals.
  static let signal: Int32 = 10_000

  /// Seconds that a job needs to end after its program: for launcher and batch script.
  private static let margin = 20.0
  /// On the monotonic clock; nil: never.
  package let end: Double?
  /// The longest of the latest steps, with what follows them.
  private var longestStep = 0.0

  /// - Parameter now: the present in seconds since 1970, which the batch system counts in.
  package init(
    _ limit: TimeLimit, environment: [String: String] = ProcessInfo.processInfo.environment,
    now: Double = Date().timeIntervalSince1970, uptime: Double = ProcessStart.secondsAgo
  ) {
    let started = monotonicSeconds() - uptime
    end =
      switch limit {
      case .none: nil
      case .seconds(let seconds): started + seconds
      case .auto:
        if let end = environment["SLURM_JOB_END_TIME"].flatMap(Double.init) {
          monotonicSeconds() + (end - now) - Self.margin
        } else {
          environment["PBS_WALLTIME"].flatMap(Double.init).map { started + $0 - Self.margin }
        }
      }
  }

  /// Takes note of the time of a step and of what followed it.
  package mutating func stepTook(_ seconds: Double) { longestStep = max(seconds, longestStep * 0.98) }

  /// Whether another step and a checkpoint after it might come too late.
  package func isUp(at time: Double = monotonicSeconds(), secondsToSave: Double) -> Bool {
    end.map { time + 1.5 * longestStep + 2 * secondsToSave >= $0 } ?? false
  }
}

/// How long this process has been running.
package enum ProcessStart {
  /// From the system's table of processes; 0 where it does not say.
  package static var secondsAgo: Double {
    let text = String(decoding: FileManager.default.contents(atPath: "/proc/self/stat") ?? Data(), as: UTF8.self)
    // The name in brackets may hold spaces; the start, in ticks since boot, is the twentieth field after it.
    let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
    guard fields.count > 20, let ticks = Double(fields[20]) else { return 0 }
    var boot = timespec()
    clock_gettime(CLOCK_BOOTTIME, &boot)
    let seconds = Double(boot.tv_sec) + 1e-9 * Double(boot.tv_nsec) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    return max(0, seconds)
  }
}
