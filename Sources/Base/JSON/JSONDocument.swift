/// How a JSON text may be written.
package enum JSONDialect: Sendable {
  /// JSON (RFC 8259), which programs write. Numbers with a point or an exponent are fractions, whole or not.
  case strict
  /// JSON5 (spec.json5.org), which people write: comments, keys without quotes, single quotes, trailing commas,
  /// line continuations, hexadecimal numbers, signs, points at either end, NaN and Infinity.
  case json5

  /// The most levels of lists and objects.
  var deepest: Int { self == .strict ? 8 : 64 }
}

/// A JSON text that has been read: the value that it holds, and where the keys of its outermost object stand.
///
/// Reading takes a time in proportion to the text. An object has each key once: a second one is an error. So are texts
/// that are nested too deeply, have more than a million values, or are not UTF-8.
package struct JSONDocument: Sendable {
  package let value: JSONValue
  /// The lines, counted from 1, of the outermost object's keys; empty for other values.
  package let lines: [String: Int]

  package init(_ text: [UInt8], _ dialect: JSONDialect) throws(JSONSyntaxError) {
    var reader = JSONReader(text, dialect)
    value = try reader.wholeText()
    lines = reader.lines
  }
}

extension JSONValue {
  /// Reads a text that holds one value, with nothing but white space and comments around it.
  package init(_ text: [UInt8], _ dialect: JSONDialect) throws(JSONSyntaxError) {
    self = try JSONDocument(text, dialect).value
  }

  package init(json5 text: String) throws(JSONSyntaxError) { try self.init(Array(text.utf8), .json5) }
}
