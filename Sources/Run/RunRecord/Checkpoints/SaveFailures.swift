/// Saves that failed one after the other, and what follows from them: another try soon, and in the end no more.
package struct SaveFailures {
  /// The longest pause before the next try, in seconds.
  private static let longestPause = 30.0
  /// Seconds of failing after which it is no longer a passing trouble.
  let patience: Double
  /// When the first of them failed; nil after a save that succeeded.
  private var first: Double?
  /// No try before this time.
  private var nextTry = 0.0
  /// Seconds before the next try: twice as long after each failure.
  package private(set) var pause = 1.0

  package init(patience: Double) { self.patience = patience }

  package mutating func saved() { self = SaveFailures(patience: patience) }

  /// Takes note of a failed save; true when saves have failed for longer than the patience.
  package mutating func failed(at time: Double) -> Bool {
    pause = first == nil ? 1 : min(2 * pause, Self.longestPause)
    first = first ?? time
    nextTry = time + pause
    return time - (first ?? time) >= patience
  }

  /// Whether no save should be begun now, although one is due.
  package func isPausing(at time: Double) -> Bool { first != nil && time < nextTry }
  package func isRetryDue(at time: Double) -> Bool { first != nil && time >= nextTry }
}
