import Foundation

/// The time of a step, smoothed over about the last 15 seconds of stepping.
///
/// Steps and their time are both summed with weights that fade with time, so short and long steps count as they should.
package struct Pace: Sendable {
  private static let memory = 15.0
  private var steps = 0.0
  private var seconds = 0.0

  package init() {}

  package mutating func add(seconds time: Double) {
    guard time.isFinite, time > 0 else { return }
    let kept = exp(-time / Self.memory)
    steps = steps * kept + 1
    seconds = seconds * kept + time
  }

  /// nil before the first step.
  package var secondsPerStep: Double? { steps > 0 ? seconds / steps : nil }
}
