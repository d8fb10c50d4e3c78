import Diagnostics
import MPI
import RunRecord
import TwinNetwork

/// Takes the times of one step's phases: one look at the clock per phase.
package final class PhaseClock {
  private(set) var times = PhaseTimes()
  private let communicator: Communicator
  private var last: (time: Double, communicated: Double)

  package init(_ communicator: Communicator) {
    self.communicator = communicator
    last = (monotonicSeconds(), communicator.secondsOfCommunication)
  }

  func start() { last = (monotonicSeconds(), communicator.secondsOfCommunication) }

  /// Milliseconds since the start or the last call, without communication.
  package func lap() -> Double {
    let before = last
    start()
    return max(0, 1e3 * ((last.time - before.time) - (last.communicated - before.communicated)))
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
