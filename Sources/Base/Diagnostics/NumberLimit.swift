/// The largest integers that options and records may have where no smaller limit is named: far above what anybody means,
/// and far from where sums and products of a few of them overflow.
package enum NumberLimit {
  /// Steps, epochs, intervals: ten to the fifteenth.
  package static let count = 1_000_000_000_000_000
  /// Channels and features of a layer.
  package static let size = 1_000_000

  /// `from 1 to 256`; or `of at least 1 (at most 1000000)`, where hardly anybody comes near the upper end.
  package static func text<Value: FixedWidthInteger>(_ range: ClosedRange<Value>) -> String {
    switch range.upperBound {
    case .max: "of at least \(range.lowerBound)"
    case Value(clamping: size)...: "of at least \(range.lowerBound) (at most \(range.upperBound))"
    default: "from \(range.lowerBound) to \(range.upperBound)"
    }
  }
}
