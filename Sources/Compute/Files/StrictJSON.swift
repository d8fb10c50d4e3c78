/// Strict JSON as a text has it: objects keep their order, and a key that is given twice is here twice.
///
/// For safetensors headers, and to check everything that bt-dist reads back of what it wrote (`JSONText`). Foundation's
/// parser drops duplicate keys silently and turns large integers into `Double`; both must be errors.
package enum StrictJSON {
  case string(String)
  case integer(Int)
  case array([StrictJSON])
  case object([Member])
  /// A fraction, an integer beyond `Int`, `true`, `false` or `null`, as written.
  case other(String)

  package struct Member {
    package var key: String
    package var value: StrictJSON
  }

  /// What is wrong, and at which byte of the text.
  package struct SyntaxError: Error {
    package var message: String
    package var offset: Int
  }

  /// Parses one value with nothing but white space after it; at most 8 levels deep.
  package static func parse(_ text: [UInt8]) throws(SyntaxError) -> StrictJSON {
    var parser = Parser(text: text)
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    if parser.position != text.count { throw parser.error("text after the end of the object") }
    return value
  }

  /// The text of a string; nil for other values.
  package var stringValue: String? { if case .string(let text) = self { text } else { nil } }

  /// A whole number within `Int`; nil for other values.
  package var integerValue: Int? { if case .integer(let value) = self { value } else { nil } }

  /// A number; nil for other values.
  package var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .other(let text): Double(text)
    default: nil
    }
  }

  /// The first key that an object has twice, here or further inside; nil if there is none.
  package var duplicatedKey: String? {
    switch self {
    case .array(let values): values.lazy.compactMap(\.duplicatedKey).first
    case .object(let members):
      Dictionary(grouping: members, by: \.key).first { $0.value.count > 1 }?.key
        ?? members.lazy.compactMap(\.value.duplicatedKey).first
    default: nil
    }
  }

  /// For messages: the value, shortened.
  var summary: String {
    switch self {
    case .string(let text): "\"\(text.prefix(60))\""
    case .integer(let value): "\(value)"
    case .array(let values):
      "[" + values.prefix(12).map(\.summary).joined(separator: ", ") + (values.count > 12 ? ", ...]" : "]")
    case .object: "an object"
    case .other(let text): String(text.prefix(60))
    }
  }
}

private struct Parser {
  let text: [UInt8]
  var position = 0

  /// The byte at `position`, or 0 at the end (0 is never valid JSON outside strings).
  var next: UInt8 { position < text.count ? text[position] : 0 }

  func error(_ message: String) -> StrictJSON.SyntaxError { StrictJSON.SyntaxError(message: message, offset: position) }

  mutating func skipSpace() {
    while next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { position += 1 }
  }

  mutating func take(_ byte: UInt8) throws(StrictJSON.SyntaxError) {
    skipSpace()
    if next != byte { throw error("no '\(Character(UnicodeScalar(byte)))' here") }
    position += 1
  }

  mutating func value(depth: Int) throws(StrictJSON.SyntaxError) -> StrictJSON {
    if depth > 8 { throw error("nested too deeply") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    default: return try word()
    }
  }

  private mutating func object(depth: Int) throws(StrictJSON.SyntaxError) -> StrictJSON {
    var members: [StrictJSON.Member] = []
    try take(UInt8(ascii: "{"))
    skipSpace()
    if next == UInt8(ascii: "}") {
      position += 1
      return .object(members)
    }
    while true {
      skipSpace()
      if next != UInt8(ascii: "\"") { throw error("no name in quotes here") }
      let key = try string()
      try take(UInt8(ascii: ":"))
      members.append(.init(key: key, value: try value(depth: depth + 1)))
      skipSpace()
      if next == UInt8(ascii: ",") { position += 1 } else { break }
    }
    try take(UInt8(ascii: "}"))
    return .object(members)
  }

  private mutating func array(depth: Int) throws(StrictJSON.SyntaxError) -> StrictJSON {
    var values: [StrictJSON] = []
    try take(UInt8(ascii: "["))
    skipSpace()
    if next == UInt8(ascii: "]") {
      position += 1
      return .array(values)
    }
    while true {
      values.append(try value(depth: depth + 1))
      skipSpace()
      if next == UInt8(ascii: ",") { position += 1 } else { break }
    }
    try take(UInt8(ascii: "]"))
    return .array(values)
  }

  /// A number or a literal. Numbers that are not plain integers are kept as text.
  private mutating func word() throws(StrictJSON.SyntaxError) -> StrictJSON {
    let start = position
    while position < text.count, isWordByte(text[position]) { position += 1 }
    if position == start { throw error(position < text.count ? "no value here" : "the text ends too early") }
    let word = String(decoding: text[start..<position], as: UTF8.self)
    if let value = Int(word), !word.hasPrefix("+") { return .integer(value) }
    if word == "true" || word == "false" || word == "null" || isNumber(word) { return .other(word) }
    position = start
    throw error("'\(word.prefix(40))' is not a value")
  }

  /// JSON's numbers: no `+` sign, no leading zeros, digits on both sides of a point, no `nan`.
  private func isNumber(_ word: String) -> Bool {
    word.wholeMatch(of: #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/#) != nil
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  private mutating func string() throws(StrictJSON.SyntaxError) -> String {
    position += 1
    var bytes: [UInt8] = []
    while true {
      guard position < text.count else { throw error("a string without an end") }
      let byte = text[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: bytes, as: UTF8.self) else { throw error("a string that is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): try escape(into: &bytes)
      case 0..<0x20: throw error("a control character in a string")
      default: bytes.append(byte)
      }
    }
  }

  private mutating func escape(into bytes: inout [UInt8]) throws(StrictJSON.SyntaxError) {
    let code = next
    position += 1
    switch code {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(code)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "u"):
      var unit = try hex4()
      if unit & 0xFC00 == 0xD800, next == UInt8(ascii: "\\") {
        position += 1
        if next != UInt8(ascii: "u") { throw error("half of a surrogate pair") }
        position += 1
        let low = try hex4()
        if low & 0xFC00 != 0xDC00 { throw error("half of a surrogate pair") }
        unit = 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF)
      }
      guard let scalar = UnicodeScalar(unit) else { throw error("half of a surrogate pair") }
      bytes.append(contentsOf: Array(String(Character(scalar)).utf8))
    default: throw error("an unknown escape in a string")
    }
  }

  private mutating func hex4() throws(StrictJSON.SyntaxError) -> UInt32 {
    guard text.count - position >= 4,
      text[position..<position + 4].allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit }),
      let value = UInt32(String(decoding: text[position..<position + 4], as: UTF8.self), radix: 16)
    else { throw error("no four hexadecimal digits here") }
    position += 4
    return value
  }
}
