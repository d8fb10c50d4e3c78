import Configuration
import Diagnostics
import RunRecord

/// Ends a run whose metric has stopped getting better (Lightning's `EarlyStopping`).
///
/// A pure function of what a checkpoint holds: a resumed run ends where the uninterrupted one does. A value that is
/// not finite is never better.
package struct EarlyStopping: Sendable {
  private let metric: Metric
  private let mode: MetricMode
  /// 0 means the same as 1, as in Lightning: a better value never ends a run.
  private let patience: Int
  private let minDelta: Double

  /// nil when the configuration asks for none.
  package init?(_ configuration: TrainingConfiguration) {
    guard let metric = configuration.earlyStopping else { return nil }
    (self.metric, mode) = (metric, configuration.earlyStoppingMode)
    (patience, minDelta) = (configuration.earlyStoppingPatience, configuration.earlyStoppingMinDelta)
  }

  /// Takes note of what was measured, if the metric is among it.
  package func observe(_ measured: [(key: String, value: Double)], _ state: inout EarlyStoppingState?) {
    guard let value = measured.first(where: { $0.key == metric.rawValue })?.value else { return }
    var next = own(state) ?? EarlyStoppingState(metric: metric.rawValue, mode: mode.rawValue)
    if mode.isBetter(value, than: next.best ?? .nan, by: minDelta) {
      (next.best, next.waited) = (value, 0)
    } else {
      next.waited += 1
    }
    state = next
  }

  /// Why the run should end; nil to continue.
  package func reason(_ state: EarlyStoppingState?) -> String? {
    guard let state = own(state), state.waited >= max(patience, 1) else { return nil }
    let best = state.best.map { "its best value, \($0)," } ?? "a finite value"
    return "\(metric.rawValue) was not better than \(best) \(state.waited.counted("time")) in a row"
  }

  private func own(_ state: EarlyStoppingState?) -> EarlyStoppingState? {
    state?.metric == metric.rawValue && state?.mode == mode.rawValue ? state : nil
  }
}
