/// How long a run's metric has not become better: a part of a checkpoint's `state.json`.
package struct EarlyStoppingState: Codable, Equatable, Sendable {
  /// What the rest is about: another metric starts anew.
  package var metric: String
  package var mode: String
  /// nil before the first finite value.
  package var best: Double?
  /// How many values in a row were no better than it.
  package var waited = 0

  package init(metric: String, mode: String) {
    self.metric = metric
    self.mode = mode
  }
}
