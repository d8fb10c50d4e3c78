/// A number of a run that early stopping and the choice of the best checkpoints look at.
///
/// Those of the training are means over the steps of an epoch, measured at its end; those of validation are means over
/// its batches.
public enum Metric: String, Sendable, CaseIterable {
  case loss
  case lossInvariance = "loss_invariance"
  case lossRedundancy = "loss_redundancy"
  case valLoss = "val_loss"
  case valLossInvariance = "val_loss_invariance"
  case valLossRedundancy = "val_loss_redundancy"

  /// Whether it takes `--val-data` to measure it.
  public var isOfValidation: Bool { rawValue.hasPrefix("val_") }
}

/// Which values of a metric are the better ones.
public enum MetricMode: String, Sendable, CaseIterable {
  case min, max

  /// Whether a value is better by more than `delta`. What is not finite is never better, and anything finite beats it.
  public func isBetter(_ value: Double, than other: Double, by delta: Double = 0) -> Bool {
    guard value.isFinite, other.isFinite else { return value.isFinite }
    return self == .min ? value + delta < other : value - delta > other
  }
}
