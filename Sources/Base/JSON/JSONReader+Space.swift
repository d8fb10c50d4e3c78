extension JSONReader {
  /// Goes past white space, and in JSON5 past comments.
  mutating func skipSpace() throws(JSONSyntaxError) {
    while !isAtEnd {
      switch next {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      case 0x0B...0x0C where dialect == .json5: position += 1
      case UInt8(ascii: "/") where dialect == .json5: try skipComment()
      case 0x80... where dialect == .json5:
        let scalar = try scalar()
        guard scalar.value == 0xFEFF || isLineSeparator(scalar) || scalar.properties.generalCategory == .spaceSeparator
        else { return }
        position += UTF8.width(scalar)
      default: return
      }
    }
  }

  private mutating func skipComment() throws(JSONSyntaxError) {
    let start = position
    position += 1
    switch next {
    case UInt8(ascii: "/"):
      while !isAtEnd, next != 0x0A, next != 0x0D {
        if try isLineSeparator(scalar()) { return }
        try skipScalar()
      }
    case UInt8(ascii: "*"):
      position += 1
      while !isAtEnd {
        if next == UInt8(ascii: "*"), position + 1 < text.count, text[position + 1] == UInt8(ascii: "/") {
          position += 2
          return
        }
        try skipScalar()
      }
      throw error("a comment without its end", at: start)
    default: throw error("a comment begins with // or /*", at: start)
    }
  }

  /// U+2028 and U+2029, which end a line in JavaScript.
  func isLineSeparator(_ scalar: Unicode.Scalar) -> Bool { scalar.value == 0x2028 || scalar.value == 0x2029 }

  mutating func skipScalar() throws(JSONSyntaxError) { position += next < 0x80 ? 1 : UTF8.width(try scalar()) }

  /// The character at `position`, which must not be the end.
  func scalar() throws(JSONSyntaxError) -> Unicode.Scalar {
    if next < 0x80 { return Unicode.Scalar(next) }
    var bytes = text[position..<min(position + 4, text.count)].makeIterator()
    var decoder = UTF8()
    guard case .scalarValue(let scalar) = decoder.decode(&bytes) else { throw error("bytes that are not UTF-8") }
    return scalar
  }
}
