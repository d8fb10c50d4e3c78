/// The Barlow Twins loss of one global batch and its parts.
public struct LossValue: Sendable, Equatable {
  /// Σᵢ (1 − Cᵢᵢ)² + λ Σᵢ Σⱼ≠ᵢ Cᵢⱼ²
  public var total: Double
  /// Σᵢ (1 − Cᵢᵢ)²
  public var invariance: Double
  /// Σᵢ Σⱼ≠ᵢ Cᵢⱼ², without λ.
  public var redundancy: Double
  /// Columns that are constant over the batch in either view: their correlations count as 0 and get no gradient
  /// (PyTorch and nidl give NaN there).
  public var deadFeatures: Int

  package init(invariance: Double, redundancy: Double, lambd: Double, deadFeatures: Int) {
    self.invariance = invariance
    self.redundancy = redundancy
    self.deadFeatures = deadFeatures
    total = invariance + lambd * redundancy
  }

  /// The value below which the loss of B samples with D features cannot fall, for B − 1 < D:
  /// D·k/(1 + k), k = λ(D/(B − 1) − 1), because C has a rank of at most B − 1. Otherwise 0.
  public static func floor(batch: Int, features: Int, lambd: Double) -> Double {
    let k = lambd * (Double(features) / Double(batch - 1) - 1)
    return k > 0 ? Double(features) * k / (1 + k) : 0
  }
}
