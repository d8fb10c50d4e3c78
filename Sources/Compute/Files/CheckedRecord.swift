import Diagnostics

/// A record with numbers that have limits, which `JSONText.decode` looks at: what is read back is as if it had been
/// written, or it is not read at all.
package protocol CheckedRecord: Decodable {
  /// Names each field with its limits.
  func check(_ fields: inout FieldCheck)
}

/// Looks at the fields of a record, and keeps the first that is out of its limits.
package struct FieldCheck {
  private(set) var failure: Failure?

  /// - Parameter name: as the file spells it, such as `epoch_loss.count`.
  package mutating func integer(_ name: String, _ value: Int?, _ range: ClosedRange<Int>) {
    guard failure == nil, let value, !range.contains(value) else { return }
    failure = Failure(
      .data, "the number is out of its range", at: "key '\(name)'",
      expected: "an integer from \(range.lowerBound) to \(range.upperBound)", found: "\(value)", remedy: Self.remedy)
  }

  package mutating func finite(_ name: String, _ value: Double?) {
    guard failure == nil, let value, !value.isFinite else { return }
    failure = Failure(
      .data, "the number is out of its range", at: "key '\(name)'", expected: "a finite number", found: "\(value)",
      remedy: Self.remedy)
  }

  private static let remedy = "bring the file back from a copy: bt-dist does not write such a number"
}
