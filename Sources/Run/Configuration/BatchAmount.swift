import CommandLine
import Diagnostics

/// A number of batches: counted, or as a part of the batches that there are.
public enum BatchAmount: Sendable, Equatable {
  case count(Int)
  /// Above 0, at most 1.
  case fraction(Double)

  public static let all = fraction(1)

  /// As many of `total` batches; a fraction is rounded down, and may give 0.
  public func limited(to total: Int) -> Int {
    switch self {
    case .count(let count): min(count, total)
    case .fraction(let fraction): Int(Double(total) * fraction)
    }
  }
}

extension ValueFormat<BatchAmount> {
  /// A count of at least 1, or a fraction above 0 and up to 1.0, told apart by the decimal point as in Lightning: 1 is
  /// one batch and 1.0 is all.
  ///
  /// JSON does not tell 1 from 1.0, so a file holds the number 1 as text, "1" or "1.0".
  static var batches: Self {
    let fromText: @Sendable (String) -> BatchAmount? = { text in
      if let count = Int(text) { return (1...NumberLimit.count).contains(count) ? .count(count) : nil }
      guard text.contains(where: \.isNumber), let value = Double(text), value > 0, value <= 1 else { return nil }
      return .fraction(value)
    }
    return ValueFormat(
      placeholder: "N|FRACTION",
      expected:
        "a count of at least 1, or a fraction up to 1.0 (in a file \"1\" is one batch and \"1.0\" is all); at most "
        + "\(NumberLimit.count)",
      fromText: fromText,
      fromJSON: { value in
        switch value {
        case .integer(let count): count > 1 ? fromText("\(count)") : nil
        case .number(let fraction): fraction > 0 && fraction < 1 ? .fraction(fraction) : nil
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
