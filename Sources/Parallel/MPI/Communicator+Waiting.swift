import Diagnostics
import Foundation
import Host

extension Communicator {
  /// Seconds of busy waiting before the processor is left to others between two looks: loader threads, other ranks.
  private static let patience = 0.02
  /// Seconds after which a rank whose launcher has died no longer waits for the others.
  private static let patienceWithoutLauncher = 5.0

  /// Waits for transfers of this rank's main thread.
  ///
  /// - Parameter work: done again and again meanwhile. It must not wait itself.
  /// - Throws: a `Failure(.interrupted)` when some rank does not come within the stall watch's limits, or the launcher
  ///   has died.
  public func wait(meanwhile work: () throws -> Void = {}, until isDone: () throws -> Bool) throws {
    guard size > 1 else { return }
    let start = monotonicSeconds()
    var now = start
    stallWatch?.waitBegins(at: start, position)
    while try !isDone() {
      try work()
      now = monotonicSeconds()
      try stallWatch?.check(at: now, position)
      if now - start > Self.patienceWithoutLauncher, Launcher.isGone { throw launcherIsGone }
      if now - start < Self.patience { sched_yield() } else { usleep(50) }
    }
    now = monotonicSeconds()
    secondsOfCommunication += now - start
    stallWatch?.waitEnds(at: now)
  }

  private var launcherIsGone: Failure {
    Failure(
      .interrupted, "the launcher of this rank has died, and other ranks do not come", at: "\(position)",
      remedy: "launch again: the run resumes from its newest checkpoint")
  }

  /// Runs what moves on background transfers, and counts its time as communication.
  public func timed(_ work: () throws -> Void) rethrows {
    let start = monotonicSeconds()
    defer { secondsOfCommunication += monotonicSeconds() - start }
    try work()
  }
}
