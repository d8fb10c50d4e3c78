/// The mean of losses over the steps of an epoch, or over the batches of a validation. All batches have the same size.
public struct MeanLoss: Codable, Equatable, Sendable {
  /// How many losses.
  public private(set) var count = 0
  private var totals = 0.0
  private var invariances = 0.0
  private var redundancies = 0.0

  public init() {}

  /// What the means are made of.
  package var sums: [Double] { [totals, invariances, redundancies] }

  package mutating func add(_ value: LossValue) {
    count += 1
    totals += value.total
    invariances += value.invariance
    redundancies += value.redundancy
  }

  public var loss: Double { totals / Double(count) }
  /// Of Σᵢ (1 − Cᵢᵢ)².
  public var invariance: Double { invariances / Double(count) }
  /// Of Σᵢ Σⱼ≠ᵢ Cᵢⱼ², without λ.
  public var redundancy: Double { redundancies / Double(count) }
}
