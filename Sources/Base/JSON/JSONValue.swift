import Diagnostics

/// A JSON value of a file, a header, an option or a record; integers are exact.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// Wide enough for every 64-bit integer. In JSON5, a fraction that is whole, such as `2.0`, is an integer too.
  case integer(Int128)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The number, if it is finite.
  package var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value) where value.isFinite: value
    default: nil
    }
  }

  /// The number, if it is an integer that `Value` can hold.
  package func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value? {
    if case .integer(let value) = self { Value(exactly: value) } else { nil }
  }

  /// The text of a string; nil for other values.
  package var string: String? { if case .string(let text) = self { text } else { nil } }

  /// For messages: what kind of value this is.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

extension JSONValue: CustomStringConvertible {
  /// JSON on one line, keys sorted, doubles in their shortest exact form: `{"betas": [0.9, 0.99], "eps": 1e-08}`.
  ///
  /// −0 is written as 0. NaN and infinities, which JSON cannot write, come as `nan` and `inf`, for messages.
  package var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value + 0)"
    case .string(let text): text.quotedJSON
    case .array(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\($0.key.quotedJSON): \($0.value)" }.joined(separator: ", ") + "}"
    }
  }

  /// For messages: the value, shortened to about a line.
  package var summary: String {
    let text = description
    return text.count <= 120 ? text : "\(text.prefix(100))... (\(text.count) characters)"
  }
}
