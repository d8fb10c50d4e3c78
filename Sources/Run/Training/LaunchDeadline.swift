import Configuration
import Diagnostics
import Foundation

/// When a launch has to have ended, by `--time-limit` or by what the batch system says; rank 0's.
///
/// Found once and then kept on a clock that no one sets. The first step of a launch is always made: launches that end
/// before it would follow one another without getting any further.
package struct LaunchDeadline {
  /// Takes a signal's place in the message in which ranks agree on signals.
  static let signal: Int32 = 10_000

  /// Seconds that a job needs to end after its program: for launcher and batch script.
  private static let margin = 20.0
  /// On the monotonic clock; nil: never.
  package let end: Double?
  /// Why the end that the environment tells is left out, and how to mend it; nil where it is not.
  package let remark: String?
  /// The longest of the latest steps, with what follows them; nil before the first one.
  private var longestStep: Double?

  /// - Parameter now: the present in seconds since 1970, which the batch system counts in.
  package init(
    _ limit: TimeLimit, environment: [String: String] = ProcessInfo.processInfo.environment,
    now: Double = Date().timeIntervalSince1970, uptime: Double = ProcessStart.secondsAgo
  ) {
    let present = monotonicSeconds()
    var seconds: Double?
    var remark: String?
    switch limit {
    case .none: break
    case .seconds(let limit): seconds = limit - uptime
    case .auto:
      let job = JobEnd(environment, now: now, uptime: uptime)
      seconds = job.secondsLeft.map { $0 - Self.margin }
      remark = job.remark
    }
    end = seconds.map { present + $0 }
    self.remark = remark
  }

  /// Takes note of the time of a step and of what followed it.
  package mutating func stepTook(_ seconds: Double) { longestStep = max(seconds, (longestStep ?? 0) * 0.98) }

  /// Whether another step and a checkpoint after it might come too late; never before the launch has made a step.
  package func isUp(at time: Double = monotonicSeconds(), secondsToSave: Double) -> Bool {
    guard let end, let longestStep else { return false }
    return time + 1.5 * longestStep + 2 * secondsToSave >= end
  }
}

/// When the job of a batch system ends, by the variables that it sets.
///
/// A shell may outlive its job and keep them: an end that is past is then not the end of this launch.
private struct JobEnd {
  /// Nil where no variable tells it, or it cannot be true.
  var secondsLeft: Double?
  var remark: String?

  init(_ environment: [String: String], now: Double, uptime: Double) {
    if let end = environment["SLURM_JOB_END_TIME"], !end.isEmpty {
      take("SLURM_JOB_END_TIME", Double(end).map { $0 - now })
    } else if let length = environment["PBS_WALLTIME"], !length.isEmpty {
      take("PBS_WALLTIME", Double(length).map { $0 - uptime })
    }
  }

  private mutating func take(_ variable: String, _ seconds: Double?) {
    let remedy = "is left out, and this launch has no time limit: \(option: "time-limit") gives it one"
    switch seconds {
    case let seconds? where seconds > 0 && seconds.isFinite: secondsLeft = seconds
    case let seconds? where seconds.isFinite:
      remark = "\(variable) tells an end that is past, as in a shell that has outlived its job; it \(remedy)"
    default: remark = "\(variable) is not a number of seconds; it \(remedy)"
    }
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
