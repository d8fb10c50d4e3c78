/// Minimum, maximum, mean and the number of values that are not finite, of the numbers that are added.
struct ValueStatistics {
  private(set) var minimum = Float.infinity
  private(set) var maximum = -Float.infinity
  private var sum = 0.0
  private(set) var finite = 0
  private(set) var nonFinite = 0

  mutating func add(_ values: UnsafeBufferPointer<Float>) {
    for value in values {
      if value.isFinite {
        (minimum, maximum) = (Swift.min(minimum, value), Swift.max(maximum, value))
        sum += Double(value)
        finite += 1
      } else {
        nonFinite += 1
      }
    }
  }

  /// `nil` where no value was finite.
  var mean: Double? { finite > 0 ? sum / Double(finite) : nil }

  static let columns = ["min", "max", "mean", "non-finite"]

  /// In the order of `columns`.
  var values: [InspectedValue] {
    guard let mean else { return [.none, .none, .none, .count(nonFinite)] }
    return [.number(Double(minimum)), .number(Double(maximum)), .number(mean), .count(nonFinite)]
  }
}
