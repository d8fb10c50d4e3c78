import Diagnostics
import JSON

/// A value of `--optimizer-kwargs` or `--encoder-kwargs`.
public enum KwargValue: Sendable, Equatable {
  case number(Double)
  case flag(Bool)
  case text(String)
  /// Also the empty list.
  case list([Double])
  case flags([Bool])

  /// A number without a fraction.
  public var integer: Int? {
    if case .number(let value) = self { Int(exactly: value) } else { nil }
  }

  /// A list of numbers without fractions.
  public var integers: [Int]? {
    guard case .list(let values) = self else { return nil }
    let integers = values.compactMap(Int.init(exactly:))
    return integers.count == values.count ? integers : nil
  }
}

extension KwargValue {
  /// A number, a boolean, a string, or a list of numbers or of booleans; nil for anything else.
  package init?(json: JSONValue) {
    switch json {
    case .bool(let value): self = .flag(value)
    case .string(let value): self = .text(value)
    case .array(let values):
      let numbers = values.compactMap(\.double)
      let flags = values.compactMap { if case .bool(let flag) = $0 { flag } else { nil } }
      if numbers.count == values.count {
        self = .list(numbers)
      } else if flags.count == values.count {
        self = .flags(flags)
      } else {
        return nil
      }
    default:
      guard let number = json.double else { return nil }
      self = .number(number)
    }
  }

  package var json: JSONValue {
    switch self {
    case .number(let value): .number(value)
    case .flag(let value): .bool(value)
    case .text(let value): .string(value)
    case .list(let values): .array(values.map { .number($0) })
    case .flags(let values): .array(values.map { .bool($0) })
    }
  }
}

extension ValueFormat<[String: KwargValue]> {
  /// An object of numbers, booleans, strings and lists: JSON5 on the command line, an object in a file.
  package static func keywordArguments(_ example: String) -> Self {
    let expected = "a JSON object of numbers, booleans, strings and lists of numbers or booleans, such as \(example)"
    return .json(
      expected: expected, remedy: "put the object in single quotes, so that the shell leaves it alone",
      toJSON: { .object($0.mapValues(\.json)) },
      read: { (value) throws(Failure) in try keywords(value, expected: expected) })
  }

  private static func keywords(_ value: JSONValue, expected: String) throws(Failure) -> [String: KwargValue] {
    guard case .object(let members) = value else {
      throw Failure(.usage, "not an object", expected: expected, found: "\(value.summary) (\(value.kind))")
    }
    var keywords: [String: KwargValue] = [:]
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      guard let keyword = KwargValue(json: value) else {
        throw Failure(
          .usage, "not a value of a parameter", at: "key '\(name)'", expected: expected,
          found: "\(value.summary) (\(value.kind))")
      }
      keywords[name] = keyword
    }
    return keywords
  }
}
