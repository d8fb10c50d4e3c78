import Diagnostics
import Foundation

/// A JSON value of a configuration file or of an option; integers are exact.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// Wide enough for every 64-bit integer. A fraction that is whole in a text, such as `2.0`, is an integer too.
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

extension JSONValue: Decodable {
  /// Decodes JSON5: JSON with comments, unquoted keys, single quotes, trailing commas, hexadecimals, NaN and Infinity.
  ///
  /// Nil for any other text; Foundation on Linux does not say where the mistake is. Of a key that is given twice,
  /// Foundation keeps the first.
  package init?(json5 text: Data) {
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    guard let value = try? decoder.decode(JSONValue.self, from: text) else { return nil }
    self = value
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    /// Nil for a value of another kind; throws for one that is malformed, which Foundation notices only here.
    func attempt<Value: Decodable>(_: Value.Type = Value.self) throws -> Value? {
      do { return try container.decode(Value.self) } catch DecodingError.typeMismatch { return nil }
    }
    if container.decodeNil() {
      self = .null
    } else if let value = try attempt(Bool.self) {
      self = .bool(value)
    } else if let value = try attempt(String.self) {
      self = .string(value)
    } else if let value = try? container.decode(Int128.self) {
      self = .integer(value)
    } else if let value = try attempt(Double.self) {
      self = .number(value)
    } else if let value = try attempt([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
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
}
