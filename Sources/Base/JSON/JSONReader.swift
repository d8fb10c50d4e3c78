/// Reads a JSON text from its first byte to its last.
struct JSONReader {
  /// The most values of a text: lists, objects and all that is in them.
  static let mostValues = 1_000_000

  let text: [UInt8]
  let dialect: JSONDialect
  var position = 0
  /// The lines of the outermost object's keys.
  private(set) var lines: [String: Int] = [:]
  private var values = 0
  private var counted = (offset: 0, line: 1)

  init(_ text: [UInt8], _ dialect: JSONDialect) { (self.text, self.dialect) = (text, dialect) }

  /// The byte at `position`, or 0 at the end: 0 is never valid outside strings and comments.
  var next: UInt8 { position < text.count ? text[position] : 0 }

  var isAtEnd: Bool { position == text.count }

  /// An error at `offset`, or at `position`.
  func error(_ message: String, _ kind: JSONSyntaxError.Kind = .syntax, at offset: Int? = nil) -> JSONSyntaxError {
    let ends = kind == .syntax && isAtEnd && offset == nil
    return JSONSyntaxError(
      kind, ends ? "\(message); the text ends here" : message, at: offset ?? position, of: text)
  }

  mutating func wholeText() throws(JSONSyntaxError) -> JSONValue {
    try skipSpace()
    let whole = try value(depth: 0)
    try skipSpace()
    if !isAtEnd { throw error("more text after the end of the value") }
    return whole
  }

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    if depth > dialect.deepest { throw error("nested too deeply: more than \(dialect.deepest) levels", .size) }
    values += 1
    if values > Self.mostValues { throw error("more than \(Self.mostValues) values", .size) }
    switch next {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "'") where dialect == .json5: return .string(try string())
    default: return try word()
    }
  }

  private mutating func object(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    var members: [String: JSONValue] = [:]
    position += 1
    while true {
      try skipSpace()
      if next == UInt8(ascii: "}"), members.isEmpty || dialect == .json5 { break }
      let start = position
      let key = try key()
      if members[key] != nil { throw error("the object has the key '\(key.prefix(60))' twice", .twice, at: start) }
      if depth == 0 { lines[key] = line(of: start) }
      try skipSpace()
      if next != UInt8(ascii: ":") { throw error("no ':' after the key '\(key.prefix(60))'") }
      position += 1
      try skipSpace()
      members[key] = try value(depth: depth + 1)
      try skipSpace()
      if next != UInt8(ascii: ",") { break }
      position += 1
    }
    if next != UInt8(ascii: "}") { throw error("no ',' or '}' here") }
    position += 1
    return .object(members)
  }

  private mutating func array(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    var elements: [JSONValue] = []
    position += 1
    while true {
      try skipSpace()
      if next == UInt8(ascii: "]"), elements.isEmpty || dialect == .json5 { break }
      elements.append(try value(depth: depth + 1))
      try skipSpace()
      if next != UInt8(ascii: ",") { break }
      position += 1
    }
    if next != UInt8(ascii: "]") { throw error("no ',' or ']' here") }
    position += 1
    return .array(elements)
  }

  /// A number or a literal.
  private mutating func word() throws(JSONSyntaxError) -> JSONValue {
    let start = position
    while isWordByte(next) { position += 1 }
    if position == start { throw error("no value here") }
    let word = text[start..<position]
    switch String(decoding: word.prefix(5), as: UTF8.self) {
    case "true" where word.count == 4: return .bool(true)
    case "false" where word.count == 5: return .bool(false)
    case "null" where word.count == 4: return .null
    default: break
    }
    let name = String(decoding: word.prefix(40), as: UTF8.self)
    guard let number = JSONNumber(word, dialect) else { throw error("'\(name)' is not a value", at: start) }
    guard let value = number.value else { throw error("the number \(name) is too large", .number, at: start) }
    return value
  }

  private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "$"):
      true
    default: false
    }
  }

  /// Offsets must not fall from call to call.
  private mutating func line(of offset: Int) -> Int {
    counted = (offset, counted.line + lineBreaks(text, counted.offset..<offset))
    return counted.line
  }
}
