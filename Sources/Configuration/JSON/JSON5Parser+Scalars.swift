/// Strings, numbers and the words `true`, `false` and `null`.
extension JSON5Parser {
  /// A string in single or double quotes; a backslash at the end of a line continues it on the next.
  mutating func string() throws(JSON5SyntaxError) -> String {
    let start = position
    let quote = text[position]
    var result = String.UnicodeScalarView()
    position += 1
    while let scalar = next, scalar != "\n" {
      position += 1
      if scalar == quote { return String(result) }
      if scalar != "\\" {
        result.append(scalar)
      } else if let escaped = try escape() {
        result.append(escaped)
      }
    }
    throw error("a string without an end", at: start, remedy: "close it with \(quote)")
  }

  /// What follows a backslash; nil for a continued line.
  private mutating func escape() throws(JSON5SyntaxError) -> Unicode.Scalar? {
    guard let scalar = next else { return nil }
    position += 1
    switch scalar {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "v": return "\u{B}"
    case "0": return "\0"
    case "\n": return nil
    case "\r":
      _ = take("\n")
      return nil
    case "x": return Unicode.Scalar(try hexadecimal(digits: 2))
    case "u": return try unicodeEscape()
    default: return scalar
    }
  }

  private mutating func unicodeEscape() throws(JSON5SyntaxError) -> Unicode.Scalar {
    let start = position
    let first = try hexadecimal(digits: 4)
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, take("\\"), take("u") {
      let second = try hexadecimal(digits: 4)
      if (0xDC00...0xDFFF).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
      {
        return scalar
      }
    }
    throw error("half a surrogate pair in a string", at: start)
  }

  private mutating func hexadecimal(digits: Int) throws(JSON5SyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<digits {
      guard let digit = next.flatMap({ UInt32(String($0), radix: 16) }) else {
        throw error("\(digits) hexadecimal digits were expected after the backslash, not \(here)")
      }
      value = value << 4 | digit
      position += 1
    }
    return value
  }

  mutating func word() throws(JSON5SyntaxError) -> JSONValue {
    let start = position
    var word = ""
    while let scalar = next, scalar.isASCII,
      Character(scalar).isLetter || Character(scalar).isNumber
        || "+-._$".unicodeScalars.contains(scalar)
    {
      word.unicodeScalars.append(scalar)
      position += 1
    }
    switch word {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    case "": throw error("a value was expected, not \(here)")
    default: break
    }
    if let number = JSON5Parser.number(word) { return number }
    throw error("'\(word)' is no value", at: start, remedy: "put a text in quotes")
  }

  /// An integer keeps its digits; a fraction, an exponent, `NaN` or `Infinity` becomes a `Double` and its text.
  private static func number(_ word: String) -> JSONValue? {
    let isNegative = word.hasPrefix("-")
    let digits = isNegative || word.hasPrefix("+") ? word.dropFirst() : word[...]
    guard let first = digits.first, first != "+", first != "-" else { return nil }
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      guard let value = UInt64(digits.dropFirst(2), radix: 16) else { return nil }
      return .number((isNegative && value > 0 ? "-" : "") + "\(value)")
    }
    if digits.allSatisfy({ $0 >= "0" && $0 <= "9" }) {
      if digits.count > 1 && first == "0" { return nil }
      return .number((isNegative && digits != "0" ? "-" : "") + digits)
    }
    if digits == "NaN" { return .double(.nan) }
    if digits == "Infinity" { return .double(isNegative ? -.infinity : .infinity) }
    guard first.isNumber || first == ".", digits.contains(where: \.isNumber),
      let value = Double(digits.hasSuffix(".") ? digits + "0" : digits)
    else {
      return nil
    }
    return .double(isNegative ? -value : value)
  }
}
