import Diagnostics
import Foundation
import Synchronization

/// Catches SIGUSR1, SIGINT and SIGTERM, so that a run ends at the next step boundary with a checkpoint.
///
/// The handler only stores a number: the training loop looks at it once a step and all ranks agree on it.
public enum SignalWatch {
  private static let latest = Atomic<Int32>(0)

  /// Call before MPI starts: from then on these signals no longer end the process.
  public static func begin() {
    latest.store(0, ordering: .relaxed)
    for number in [SIGUSR1, SIGINT, SIGTERM] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { SignalWatch.latest.store($0, ordering: .relaxed) }
      // System calls that a signal interrupts go on.
      action.sa_flags = SA_RESTART
      sigaction(number, &action, nil)
    }
    // Whoever starts us from a thread that blocks signals passes that on.
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGUSR1, SIGINT, SIGTERM] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// The number of the last signal; 0 if none came.
  public static var received: Int32 { latest.load(ordering: .relaxed) }

  public static func name(_ number: Int32) -> String {
    switch number {
    case SIGUSR1: "SIGUSR1"
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    default: "signal \(number)"
    }
  }
}
