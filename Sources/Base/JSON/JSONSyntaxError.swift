import Diagnostics

/// What is wrong with a JSON text, and where.
package struct JSONSyntaxError: Error, Equatable {
  package enum Kind: Sendable {
    /// The text is not JSON.
    case syntax
    /// A number that no 64-bit float holds.
    case number
    /// A key that an object has already.
    case twice
    /// More levels or values than are read.
    case size
  }

  package let kind: Kind
  package let message: String
  /// The byte of the text, counted from 0.
  package let offset: Int
  /// Counted from 1; columns are characters.
  package let line: Int
  package let column: Int

  init(_ kind: Kind, _ message: String, at offset: Int, of text: [UInt8]) {
    (self.kind, self.message, self.offset) = (kind, message, offset)
    line = lineBreaks(text, 0..<offset) + 1
    let start = text[..<offset].lastIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }.map { $0 + 1 } ?? 0
    // What continues a character of UTF-8 begins with the bits 10.
    column = text[start..<offset].count { $0 & 0xC0 != 0x80 } + 1
  }

  /// For people who write the text: a usage failure at line and column of `location`.
  ///
  /// - Parameter expected: what the text should be, where it is no JSON.
  package func failure(
    at location: String? = nil, expected: String, found: String? = nil, remedy: String? = nil
  ) -> Failure {
    let (expected, advice) =
      switch kind {
      case .syntax:
        (expected, remedy ?? "look for a missing comma, quote or brace; put texts, and keys with a hyphen, in quotes")
      case .number: ("a number up to 1.8e308, the largest of 64 bits", "give a smaller one")
      case .twice: ("each key once", "keep one of the two")
      case .size: ("a text that people write", "give a shorter one")
      }
    return Failure(
      .usage, kind == .syntax ? "not valid JSON5: \(message)" : message,
      at: (location.map { $0 + ", " } ?? "") + "line \(line), column \(column)", expected: expected, found: found,
      remedy: advice)
  }
}

extension JSONSyntaxError: CustomStringConvertible {
  package var description: String { "\(message) (line \(line), column \(column))" }
}

/// The line breaks in a part of a text: LF, CR, or both together.
func lineBreaks(_ text: [UInt8], _ range: Range<Int>) -> Int {
  range.count { offset in
    switch text[offset] {
    case UInt8(ascii: "\n"): true
    case UInt8(ascii: "\r"): offset + 1 == text.count || text[offset + 1] != UInt8(ascii: "\n")
    default: false
    }
  }
}
