/// A word that is a number.
struct JSONNumber {
  /// An integer, a fraction, NaN or an infinity; nil for a number beyond the largest `Double`.
  let value: JSONValue?

  /// nil for a word that is no number of the dialect.
  init?(_ word: ArraySlice<UInt8>, _ dialect: JSONDialect) {
    var rest = word
    let isNegative = word.first == UInt8(ascii: "-")
    if isNegative || (dialect == .json5 && word.first == UInt8(ascii: "+")) { rest.removeFirst() }
    if dialect == .json5 {
      switch String(decoding: rest.prefix(9), as: UTF8.self) {
      case "NaN":
        value = .number(.nan)
        return
      case "Infinity":
        value = .number(isNegative ? -.infinity : .infinity)
        return
      default: break
      }
      if rest.count > 2, rest.first == UInt8(ascii: "0"), rest.dropFirst().first.map({ $0 | 0x20 }) == UInt8(ascii: "x")
      {
        guard rest.dropFirst(2).allSatisfy(isHexadecimalDigit) else { return nil }
        value = Self.hexadecimal(rest.dropFirst(2), isNegative: isNegative)
        return
      }
    }
    guard let decimal = Decimal(rest, isNegative: isNegative, dialect) else { return nil }
    value = decimal.integer(dialect) ?? Self.finite(word)
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>, isNegative: Bool) -> JSONValue? {
    let text = String(decoding: digits, as: UTF8.self)
    if let value = Int128(text, radix: 16) { return .integer(isNegative ? -value : value) }
    return finite(Array((isNegative ? "-0x" : "0x").utf8) + digits)
  }

  private static func finite(_ digits: some Collection<UInt8>) -> JSONValue? {
    Double(String(decoding: digits, as: UTF8.self)).flatMap { $0.isFinite ? .number($0) : nil }
  }
}

/// The digits of a decimal number: `12.50e-3`.
private struct Decimal {
  let isNegative: Bool
  let whole: ArraySlice<UInt8>
  let fraction: ArraySlice<UInt8>
  let exponent: Int
  /// Neither a point nor an exponent.
  let isPlain: Bool

  init?(_ text: ArraySlice<UInt8>, isNegative: Bool, _ dialect: JSONDialect) {
    self.isNegative = isNegative
    var rest = text
    func digits() -> ArraySlice<UInt8> {
      let digits = rest.prefix(while: isDigit)
      rest = rest.dropFirst(digits.count)
      return digits
    }
    whole = digits()
    // 017 is octal to some, and 17 to others.
    if whole.count > 1, whole.first == UInt8(ascii: "0") { return nil }
    let hasPoint = rest.first == UInt8(ascii: ".")
    if hasPoint { rest.removeFirst() }
    fraction = hasPoint ? digits() : []
    let hasDigits =
      dialect == .json5 ? !(whole.isEmpty && fraction.isEmpty) : !whole.isEmpty && hasPoint == !fraction.isEmpty
    guard hasDigits else { return nil }
    let hasExponent = rest.first.map { $0 | 0x20 } == UInt8(ascii: "e")
    isPlain = !hasPoint && !hasExponent
    if hasExponent {
      rest.removeFirst()
      let sign = rest.first
      if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
      let power = digits()
      if power.isEmpty { return nil }
      let size = Int(String(decoding: power.drop { $0 == UInt8(ascii: "0") }.prefix(9), as: UTF8.self)) ?? 0
      exponent = sign == UInt8(ascii: "-") ? -size : size
    } else {
      exponent = 0
    }
    if !rest.isEmpty { return nil }
  }

  /// The number, exactly, if it is whole and within 128 bits; in strict JSON only if it is written as an integer.
  func integer(_ dialect: JSONDialect) -> JSONValue? {
    if dialect == .strict, !isPlain { return nil }
    var digits = whole + fraction
    var scale = exponent - fraction.count
    while digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      scale += 1
    }
    digits = digits.drop { $0 == UInt8(ascii: "0") }
    if digits.isEmpty { return .integer(0) }
    // 2^127 has 39 digits.
    guard scale >= 0, digits.count + scale <= 39 else { return nil }
    let text = String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: scale)
    return Int128((isNegative ? "-" : "") + text).map { .integer($0) }
  }
}

func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9") }

func isHexadecimalDigit(_ byte: UInt8) -> Bool {
  isDigit(byte) || (UInt8(ascii: "a") <= byte | 0x20 && byte | 0x20 <= UInt8(ascii: "f"))
}

extension JSONValue {
  /// A number as JSON5 writes it, such as `1e2`, with nothing around it; nil for other texts.
  package init?(number text: String) {
    guard let value = JSONNumber(Array(text.utf8)[...], .json5)?.value else { return nil }
    self = value
  }
}
