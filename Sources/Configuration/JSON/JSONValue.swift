/// A JSON value of a configuration file or of an option.
///
/// Numbers keep their text, so that a 64-bit seed, an integer and a fraction all come back as they were written.
public enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// An integer as its digits, any other number as Swift writes the `Double`: `256`, `0.005`, `1e-06`.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  public static func integer(_ value: some BinaryInteger) -> JSONValue { .number("\(value)") }

  /// Not finite values have no JSON text; `integer` and `double` of the result are nil then. −0 is written as 0.
  public static func double(_ value: Double) -> JSONValue { .number("\(value == 0 ? 0 : value)") }

  /// The number, if it is finite.
  public var double: Double? {
    guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// The number, if it was written as an integer that `Value` can hold.
  public func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value? {
    guard case .number(let text) = self else { return nil }
    return Value(text)
  }

  /// For messages: what kind of value this is.
  var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

extension JSONValue: CustomStringConvertible {
  /// JSON on one line, keys in the order of their scalars: `{"betas": [0.9, 0.99], "eps": 1e-08}`.
  public var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let text): text
    case .string(let text): JSONValue.quoted(text)
    case .array(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\(JSONValue.quoted($0.key)): \($0.value)" }.joined(separator: ", ")
        + "}"
    }
  }

  /// The text as a JSON string: quotes, backslashes and control characters escaped, everything else as it is.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
