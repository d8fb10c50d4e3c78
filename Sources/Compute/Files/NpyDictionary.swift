/// Parses the Python dictionary of a NumPy header: strings, `True` and `False`, and one tuple of integers.
///
/// Every access is bounds-checked by hand, so that a header that was cut off is an error and no trap.
struct NpyDictionary {
  struct SyntaxError: Error {
    var message: String
    var offset: Int
  }

  let text: [UInt8]
  private(set) var type: String?
  private(set) var fortranOrder: Bool?
  private(set) var shape: [Int]?
  private var position = 0

  init(text: [UInt8]) { self.text = text }

  /// Reads the dictionary and the white space after it. Unknown and repeated keys are errors, as they are for NumPy.
  mutating func parse() throws(SyntaxError) {
    try take("{")
    while try !taken("}") {
      let key = try string()
      try take(":")
      switch key {
      case "descr" where type == nil: type = try typeName()
      case "fortran_order" where fortranOrder == nil: fortranOrder = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      default: throw error("the key '\(key.prefix(40))' is unknown or given twice")
      }
      if try !taken(",") {
        try take("}")
        break
      }
    }
    skipSpace()
    if position != text.count { throw error("text follows the dictionary") }
  }

  /// The byte at `position`, or 0 at the end.
  private var next: UInt8 { position < text.count ? text[position] : 0 }

  private func error(_ message: String) -> SyntaxError { SyntaxError(message: message, offset: position) }

  private mutating func skipSpace() {
    while next == 0x20 || next == 0x0A || next == 0x0D || next == 0x09 { position += 1 }
  }

  private mutating func taken(_ character: Unicode.Scalar) throws(SyntaxError) -> Bool {
    skipSpace()
    guard UInt32(next) == character.value else { return false }
    position += 1
    return true
  }

  private mutating func take(_ character: Unicode.Scalar) throws(SyntaxError) {
    if try !taken(character) { throw error("no '\(character)' here") }
  }

  private mutating func string() throws(SyntaxError) -> String {
    skipSpace()
    let quote = next
    guard quote == 0x22 || quote == 0x27 else { throw error("no string in quotes here") }
    position += 1
    let start = position
    while position < text.count, text[position] != quote { position += 1 }
    guard position < text.count else { throw error("a string without an end") }
    defer { position += 1 }
    return String(decoding: text[start..<position], as: UTF8.self)
  }

  private mutating func typeName() throws(SyntaxError) -> String {
    skipSpace()
    if next == UInt8(ascii: "[") { throw error("the elements are records with several fields") }
    return try string()
  }

  private mutating func boolean() throws(SyntaxError) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw error("neither True nor False")
  }

  private mutating func tuple() throws(SyntaxError) -> [Int] {
    var sizes: [Int] = []
    try take("(")
    while try !taken(")") {
      sizes.append(try integer())
      if try !taken(",") {
        try take(")")
        break
      }
    }
    if sizes.count > 32 { throw error("more than 32 dimensions") }
    return sizes
  }

  private mutating func integer() throws(SyntaxError) -> Int {
    skipSpace()
    var value = 0
    let start = position
    while next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") {
      let (product, first) = value.multipliedReportingOverflow(by: 10)
      let (sum, second) = product.addingReportingOverflow(Int(next) - 0x30)
      if first || second { throw error("a size that is too large") }
      value = sum
      position += 1
    }
    if position == start { throw error("no size here") }
    // Python 2 wrote long integers this way.
    if next == UInt8(ascii: "L") { position += 1 }
    return value
  }
}
