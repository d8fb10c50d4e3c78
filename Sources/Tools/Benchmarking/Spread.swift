/// The middle and the ends of some measurements.
package struct Spread: Sendable, Equatable, Encodable {
  package var median: Double
  package var minimum: Double
  package var maximum: Double

  /// Of at least one value; the median of an even number is between the middle two.
  package init(_ values: [Double]) {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    (minimum, maximum) = (sorted[0], sorted[sorted.count - 1])
  }
}
