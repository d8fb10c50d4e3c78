import CommandLine
import JSON

/// A number of batches: counted, or as a part of the batches that there are.
public enum BatchAmount: Sendable, Equatable {
  /// At least 0.
  case count(Int)
  /// From 0 to 1.
  case fraction(Double)

  public static let all = fraction(1)
  /// As in Lightning: no training, or no validation.
  public static let none = count(0)

  /// Whether it is 0, of whatever there is.
  package var isNone: Bool {
    switch self {
    case .count(let count): count == 0
    case .fraction(let fraction): fraction == 0
    }
  }

  /// As many of `total` batches; a fraction is rounded down, and may give 0.
  public func limited(to total: Int) -> Int {
    switch self {
    case .count(let count): min(count, total)
    case .fraction(let fraction): Int(Double(total) * fraction)
    }
  }
}

extension BatchAmount: CustomStringConvertible {
  /// As an option spells it: `12`, `0.5`, `1.0`.
  public var description: String {
    switch self {
    case .count(let count): "\(count)"
    case .fraction(let fraction): "\(fraction)"
    }
  }
}

extension ValueFormat<BatchAmount> {
  /// A count, or a fraction up to 1.0. Only 1 needs the decimal point to tell: as in Lightning, 1 is one batch and 1.0
  /// is all.
  ///
  /// JSON does not tell 1 from 1.0, so a file holds the number 1 as text, "1" or "1.0".
  ///
  /// - Parameter none: whether the amount may be 0.
  static func batches(orNone none: Bool) -> Self {
    let accepts: @Sendable (BatchAmount) -> BatchAmount? = { none || !$0.isNone ? $0 : nil }
    let fromText: @Sendable (String) -> BatchAmount? = { text in
      guard text.contains(where: \.isNumber), let value = Double(text), value >= 0 else { return nil }
      if value == 0 { return accepts(.none) }
      if value < 1 || (value == 1 && text.contains(".")) { return .fraction(value) }
      return ValueFormat<Int>.integer(text: text).map { .count($0) }
    }
    return ValueFormat(
      placeholder: "N|FRACTION",
      expected: "a count of at least \(none ? 0 : 1), or a fraction up to 1.0 "
        + "(in a file \"1\" is one batch and \"1.0\" is all)",
      fromText: fromText,
      fromJSON: { value in
        switch value {
        case .integer(let count): count == 1 || count < 0 ? nil : Int(exactly: count).flatMap { accepts(.count($0)) }
        case .number(let fraction): fraction >= 0 && fraction < 1 ? accepts(.fraction(fraction)) : nil
        case .string(let text): fromText(text)
        default: nil
        }
      },
      toJSON: { amount in
        switch amount {
        case .count(let count): count == 1 ? .string("1") : .integer(Int128(count))
        case .fraction(let fraction): fraction == 1 ? .string("1.0") : .number(fraction)
        }
      })
  }
}
