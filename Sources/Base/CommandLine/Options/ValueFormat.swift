import Diagnostics
import JSON

/// How a value is written on the command line and in a configuration file, and what an error says about it.
///
/// Ranges belong to the format, so that one definition serves the command line, files and values set by a program:
/// a value is in range if it comes back from its own JSON.
package struct ValueFormat<Value>: Sendable {
  /// In the help: `N`, `FILE`, `true|false`.
  package let placeholder: String
  /// In errors, after `expected:`: `an integer of at least 1`.
  package let expected: String
  /// From the command line; nil for a text that is not such a value.
  package let fromText: @Sendable (String) -> Value?
  /// From a configuration file; nil for a value of another kind or out of range.
  package let fromJSON: @Sendable (JSONValue) -> Value?
  package let toJSON: @Sendable (Value) -> JSONValue
  /// How to mend a text that is not such a value, where there is more to say than `expected`.
  package let remedy: @Sendable (String) -> String?
  /// What is wrong inside a value that has parts, and in which of them; nil where `expected` says it all. A text from
  /// the command line comes as a string.
  package let explain: @Sendable (JSONValue) -> Failure?

  package init(
    placeholder: String, expected: String, fromText: @escaping @Sendable (String) -> Value?,
    fromJSON: @escaping @Sendable (JSONValue) -> Value?, toJSON: @escaping @Sendable (Value) -> JSONValue,
    remedy: @escaping @Sendable (String) -> String? = { _ in nil },
    explain: @escaping @Sendable (JSONValue) -> Failure? = { _ in nil }
  ) {
    self.placeholder = placeholder
    self.expected = expected
    self.fromText = fromText
    self.fromJSON = fromJSON
    self.toJSON = toJSON
    self.remedy = remedy
    self.explain = explain
  }
}

extension ValueFormat {
  /// Like `format`, with `word` on the command line, and `null` or `word` in a file, for no value.
  package static func optional<Wrapped>(
    _ format: ValueFormat<Wrapped>, or word: String
  ) -> ValueFormat where Value == Wrapped? {
    ValueFormat(
      placeholder: "\(format.placeholder)|\(word)", expected: "\(format.expected), or \(word)",
      fromText: { $0 == word ? .some(nil) : format.fromText($0).map { .some($0) } },
      fromJSON: { $0 == .null || $0 == .string(word) ? .some(nil) : format.fromJSON($0).map { .some($0) } },
      toJSON: { $0.map(format.toJSON) ?? .null }, remedy: format.remedy, explain: format.explain)
  }
}

extension ValueFormat where Value == Bool {
  /// `true` or `false`; on the command line the option without a value means `true`.
  package static var boolean: Self {
    ValueFormat(
      placeholder: "true|false", expected: "true or false", fromText: { Bool($0) },
      fromJSON: { if case .bool(let value) = $0 { value } else { nil } }, toJSON: { .bool($0) })
  }
}

extension ValueFormat where Value == String {
  /// Any text without NUL, which no path can have; an empty one only where `allowsEmpty`.
  package static func text(_ placeholder: String, allowsEmpty: Bool = false) -> Self {
    let accepts: @Sendable (String) -> String? = { text in
      (allowsEmpty || !text.isEmpty) && !text.utf8.contains(0) ? text : nil
    }
    return ValueFormat(
      placeholder: placeholder, expected: allowsEmpty ? "a text" : "a text that is not empty", fromText: accepts,
      fromJSON: { if case .string(let text) = $0 { accepts(text) } else { nil } }, toJSON: { .string($0) })
  }
}

extension ValueFormat where Value == String {
  /// The path of a file or folder, taken as it is written; an empty one only where `allowsEmpty`.
  package static func path(_ placeholder: String, allowsEmpty: Bool = false) -> Self {
    let text = ValueFormat.text(placeholder, allowsEmpty: allowsEmpty)
    let accepts: @Sendable (String) -> String? = { UnexpandedHome.isIn($0) ? nil : $0 }
    return ValueFormat(
      placeholder: placeholder, expected: "a path that does not begin with ~, which is not expanded here",
      fromText: { text.fromText($0).flatMap(accepts) }, fromJSON: { text.fromJSON($0).flatMap(accepts) },
      toJSON: text.toJSON, remedy: { UnexpandedHome.isIn($0) ? UnexpandedHome.remedy : nil })
  }
}

extension ValueFormat where Value: CaseIterable & RawRepresentable<String> & Sendable {
  /// One of an enumeration's raw values, spelled exactly; an error hints at the nearest.
  package static var choice: Self { choice(Value.allCases.map(\.rawValue).joined(separator: "|")) }

  /// Like `choice`, for values whose list would be too long for an option's first line in the help.
  package static func choice(_ placeholder: String) -> Self {
    let words = Value.allCases.map(\.rawValue)
    return ValueFormat(
      placeholder: placeholder, expected: "one of " + words.joined(separator: ", "),
      fromText: { Value(rawValue: $0) },
      fromJSON: { if case .string(let word) = $0 { Value(rawValue: word) } else { nil } },
      toJSON: { .string($0.rawValue) },
      remedy: { NearestName.question(for: $0, among: words) })
  }
}

extension ValueFormat {
  /// One of an enumeration's raw values, or `word` for none of them, on the command line and in files.
  package static func choice<Wrapped: CaseIterable & RawRepresentable<String> & Sendable>(
    or word: String
  ) -> ValueFormat where Value == Wrapped? {
    let words = [word] + Wrapped.allCases.map(\.rawValue)
    let accepts: @Sendable (String) -> Wrapped?? = { text in
      text == word ? .some(nil) : Wrapped(rawValue: text).map { .some($0) }
    }
    return ValueFormat(
      placeholder: words.joined(separator: "|"), expected: "one of " + words.joined(separator: ", "),
      fromText: accepts, fromJSON: { if case .string(let text) = $0 { accepts(text) } else { nil } },
      toJSON: { .string($0?.rawValue ?? word) }, remedy: { NearestName.question(for: $0, among: words) })
  }
}
