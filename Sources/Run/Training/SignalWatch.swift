import Foundation
import Host
import Synchronization

/// Catches the signals that ask a program to end, so that a run ends at the next step boundary with a checkpoint.
///
/// SIGUSR1 and SIGUSR2 (batch systems' warnings), SIGTERM, SIGINT, SIGXCPU (a limit on processor time), and SIGHUP (a
/// closed terminal) unless it was ignored at the start, as under nohup. The handler only stores a number: the training
/// loop looks at it once a step and all ranks agree on it. So a second signal, even while a checkpoint is written,
/// changes nothing.
public enum SignalWatch {
  private static let latest = Atomic<Int32>(0)
  private static let numbers = [SIGUSR1, SIGUSR2, SIGINT, SIGTERM, SIGXCPU, SIGHUP]

  /// Call before MPI starts, if the program looks at `received`: from then on these signals no longer end the process.
  public static func begin() {
    latest.store(0, ordering: .relaxed)
    for number in numbers where number != SIGHUP || !isIgnored(number) {
      var action = sigaction()
      action.__sigaction_handler.sa_sigaction = { number, info, _ in
        let isLaunchers = number == SIGTERM && info?.pointee._sifields._kill.si_pid == getppid()
        SignalWatch.latest.store(isLaunchers ? SignalWatch.endedByLauncher : number, ordering: .relaxed)
      }
      // System calls that a signal interrupts are restarted.
      action.sa_flags = SA_RESTART | SA_SIGINFO
      sigaction(number, &action, nil)
    }
    unblock()
  }

  /// Lets the signals through to their default action, the end of the process: a program that starts us from a thread
  /// that blocks signals passes the block on.
  public static func unblock() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in numbers { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Stands for a signal when the launcher has died.
  private static let launcherDied: Int32 = 1000

  /// Stands for the SIGTERM of mpirun, which it sends to all ranks when it is told to end, by ^C too.
  private static let endedByLauncher: Int32 = 1001

  /// The number of the last signal; 0 if none came. The death of the launcher counts as one: for a moment the ranks can
  /// still save a checkpoint.
  public static var received: Int32 {
    let number = latest.load(ordering: .relaxed)
    return number == 0 && Launcher.isGone ? launcherDied : number
  }

  /// What messages call a signal, such as `SIGUSR1`.
  public static func name(_ number: Int32) -> String {
    switch number {
    case SIGUSR1: "SIGUSR1"
    case SIGUSR2: "SIGUSR2"
    case SIGINT: "SIGINT"
    case SIGTERM: "SIGTERM"
    case SIGXCPU: "SIGXCPU"
    case SIGHUP: "SIGHUP"
    // Without a launcher the parent is a shell or a batch system.
    case endedByLauncher where Launcher.current == nil: "SIGTERM"
    case endedByLauncher: "SIGTERM of its launcher (mpirun sends it when it gets ^C or SIGTERM)"
    case launcherDied: "the end of its launcher"
    default: "signal \(number)"
    }
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
