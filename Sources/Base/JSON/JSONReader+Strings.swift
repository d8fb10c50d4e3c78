extension JSONReader {
  /// A key of an object: a string, or in JSON5 a name without quotes.
  mutating func key() throws(JSONSyntaxError) -> String {
    if next == UInt8(ascii: "\"") || (next == UInt8(ascii: "'") && dialect == .json5) { return try string() }
    if dialect == .strict { throw error("no key in quotes here") }
    var name = String.UnicodeScalarView()
    while !isAtEnd {
      let start = position
      var scalar = try scalar()
      if scalar == "\\" {
        position += 1
        if next != UInt8(ascii: "u") {
          throw error("not a key: only \\u is an escape in one without quotes", at: start)
        }
        position += 1
        scalar = try codePoint()
        if !isOfName(scalar, first: name.isEmpty) { throw error("an escape that no key without quotes has", at: start) }
      } else if isOfName(scalar, first: name.isEmpty) {
        position += UTF8.width(scalar)
      } else {
        break
      }
      name.append(scalar)
    }
    if name.isEmpty { throw error("no key here") }
    return String(name)
  }

  /// The characters of names in ECMAScript 5.1.
  private func isOfName(_ scalar: Unicode.Scalar, first: Bool) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "_", "$": return true
    case "0"..."9", "\u{200C}", "\u{200D}": return !first
    default: break
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber: return true
    case .nonspacingMark, .spacingMark, .decimalNumber, .connectorPunctuation: return !first
    default: return false
    }
  }

  /// A string with its quotes, double or single ones.
  mutating func string() throws(JSONSyntaxError) -> String {
    let (start, quote) = (position, next)
    position += 1
    var bytes: [UInt8] = []
    while !isAtEnd {
      switch next {
      case quote:
        position += 1
        return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &bytes)
      case 0..<0x20 where dialect == .strict: throw error("a control character in a string")
      case 0x0A, 0x0D: throw error("a string without its closing quote", at: start)
      case 0x80...:
        let scalar = try scalar()
        bytes += UTF8.encode(scalar)!
        position += UTF8.width(scalar)
      default:
        bytes.append(next)
        position += 1
      }
    }
    throw error("a string without its closing quote", at: start)
  }

  private mutating func escape(into bytes: inout [UInt8]) throws(JSONSyntaxError) {
    let start = position
    position += 1
    if isAtEnd { throw error("a string without its closing quote") }
    let code = next
    position += 1
    switch code {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(code)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "u"): bytes += UTF8.encode(try codePoint())!
    default:
      position = start
      if dialect == .strict { throw error("an unknown escape in a string") }
      try escape5(into: &bytes)
    }
  }

  /// The escapes that only JSON5 has; `position` is at the backslash.
  private mutating func escape5(into bytes: inout [UInt8]) throws(JSONSyntaxError) {
    position += 1
    switch next {
    case UInt8(ascii: "v"): bytes.append(0x0B)
    case UInt8(ascii: "x"):
      position += 1
      bytes += UTF8.encode(Unicode.Scalar(UInt8(try hexadecimal(digits: 2))))!
      return
    case UInt8(ascii: "0"):
      let follower = position + 1 < text.count ? text[position + 1] : 0
      if isDigit(follower) { throw error("a digit after \\0 in a string") }
      bytes.append(0)
    case UInt8(ascii: "1")...UInt8(ascii: "9"): throw error("an unknown escape in a string")
    // A line that goes on: the break is no part of the string.
    case 0x0A: break
    case 0x0D: if position + 1 < text.count, text[position + 1] == 0x0A { position += 1 }
    default:
      let scalar = try scalar()
      if !isLineSeparator(scalar) { bytes += UTF8.encode(scalar)! }
      position += UTF8.width(scalar)
      return
    }
    position += 1
  }

  /// The character of the digits after `\u`; two escapes for one beyond U+FFFF.
  private mutating func codePoint() throws(JSONSyntaxError) -> Unicode.Scalar {
    let start = position
    var unit = try hexadecimal(digits: 4)
    if unit & 0xFC00 == 0xD800, next == UInt8(ascii: "\\") {
      position += 1
      if next != UInt8(ascii: "u") { throw error("half of a surrogate pair", at: start) }
      position += 1
      let low = try hexadecimal(digits: 4)
      if low & 0xFC00 != 0xDC00 { throw error("half of a surrogate pair", at: start) }
      unit = 0x10000 + ((unit & 0x3FF) << 10) + (low & 0x3FF)
    }
    guard let scalar = Unicode.Scalar(unit) else { throw error("half of a surrogate pair", at: start) }
    return scalar
  }

  private mutating func hexadecimal(digits count: Int) throws(JSONSyntaxError) -> UInt32 {
    let digits = text[position..<min(position + count, text.count)]
    guard digits.count == count, digits.allSatisfy(isHexadecimalDigit),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw error("no \(count == 2 ? "two" : "four") hexadecimal digits here") }
    position += count
    return value
  }
}
