/// How the learning rate grows with the batch: not at all, as batch/256, or as its square root.
public enum RateScaling: String, Sendable, CaseIterable {
  case none, linear, sqrt

  /// What the batch multiplies every rate by.
  package func factor(batch: Int) -> Double {
    switch self {
    case .none: 1
    case .linear: Double(batch) / 256
    case .sqrt: (Double(batch) / 256).squareRoot()
    }
  }
}
