import BarlowTwins
import Dispatch
import MPI

/// Milliseconds of a rank's own work in the phases of a step: communication within them is left out, and counted apart.
public struct PhaseTimes: Sendable, Equatable {
  /// Of encoder and projector over both views.
  public var forwardMs = 0.0
  /// Standardisation, loss, and their gradient.
  public var lossMs = 0.0
  public var backwardMs = 0.0
  /// The gradient's norm, clipping and the update.
  public var optimizerMs = 0.0
  public init() {}
}

/// Takes the times of one step's phases: a look at the clock a phase.
final class PhaseClock {
  private(set) var times = PhaseTimes()
  private let communicator: Communicator
  private var last: (nanoseconds: UInt64, communicated: Double)

  init(_ communicator: Communicator) {
    self.communicator = communicator
    last = (DispatchTime.now().uptimeNanoseconds, communicator.secondsOfCommunication)
  }

  func start() { last = (DispatchTime.now().uptimeNanoseconds, communicator.secondsOfCommunication) }

  /// Milliseconds since the start or the last call, without communication.
  func lap() -> Double {
    let (nanoseconds, communicated) = last
    start()
    let elapsed = Double(last.nanoseconds - nanoseconds) * 1e-6
    return max(0, elapsed - 1e3 * (last.communicated - communicated))
  }

  func end(_ phase: BarlowTwinsNetwork.Phase) {
    switch phase {
    case .forward: times.forwardMs = lap()
    case .loss: times.lossMs = lap()
    case .backward: times.backwardMs = lap()
    }
  }

  func endOptimizer() { times.optimizerMs = lap() }
}
