/// A member of a JSON5 file's object, and the line on which its key stands.
package struct JSON5Member: Equatable {
  package var key: String
  package var value: JSONValue
  package var line: Int
}

/// What is wrong with a JSON5 text, on which line, and how to mend it where that is clear.
package struct JSON5SyntaxError: Error {
  package var message: String
  package var line: Int
  package var remedy: String?
}

/// A parser of JSON5 objects: JSON with comments, unquoted keys, single quotes, trailing commas and hexadecimals.
///
/// Foundation reads JSON5 too, but on Linux it says neither where a mistake is nor that a key stands twice (it keeps
/// the first), and a configuration file needs both. Keys that occur twice in one object are an error here.
package struct JSON5Parser {
  let text: [Unicode.Scalar]
  var position = 0

  /// Parses a file's bytes, which must hold one object and nothing else; nested at most 32 levels deep.
  package static func parse(_ bytes: some Collection<UInt8>) throws(JSON5SyntaxError) -> [JSON5Member] {
    guard let string = String(validating: bytes, as: UTF8.self) else {
      throw JSON5SyntaxError(message: "the text is not UTF-8", line: 1, remedy: "save the file as UTF-8")
    }
    var parser = JSON5Parser(text: Array(string.unicodeScalars))
    try parser.skipSpace()
    if parser.next != "{" {
      throw parser.error("an object in braces was expected", remedy: "begin with { and end with }")
    }
    let members = try parser.object(depth: 0)
    try parser.skipSpace()
    if parser.next != nil { throw parser.error("text after the end of the object") }
    return members
  }

  var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

  func error(_ message: String, remedy: String? = nil) -> JSON5SyntaxError {
    error(message, at: position, remedy: remedy)
  }

  func error(_ message: String, at place: Int, remedy: String? = nil) -> JSON5SyntaxError {
    JSON5SyntaxError(message: message, line: line(at: place), remedy: remedy)
  }

  /// Lines count from 1 and end with a line feed.
  func line(at place: Int) -> Int { text[..<min(place, text.count)].reduce(1) { $1 == "\n" ? $0 + 1 : $0 } }

  /// For messages: the scalar here in quotes, or the end of the text.
  var here: String { next.map { "'\($0)'" } ?? "the end of the text" }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    if next != scalar { return false }
    position += 1
    return true
  }

  /// Skips white space and comments.
  mutating func skipSpace() throws(JSON5SyntaxError) {
    while let scalar = next {
      if scalar.properties.isWhitespace || scalar == "\u{FEFF}" {
        position += 1
      } else if scalar == "/", position + 1 < text.count, text[position + 1] == "/" {
        while let scalar = next, scalar != "\n" { position += 1 }
      } else if scalar == "/", position + 1 < text.count, text[position + 1] == "*" {
        let start = position
        position += 2
        while position + 1 < text.count, text[position] != "*" || text[position + 1] != "/" { position += 1 }
        if position + 1 >= text.count { throw error("a comment without an end", at: start, remedy: "close it with */") }
        position += 2
      } else {
        return
      }
    }
  }

  mutating func value(depth: Int) throws(JSON5SyntaxError) -> JSONValue {
    if depth > 32 { throw error("nested too deeply") }
    switch next {
    case "{":
      return .object(Dictionary(uniqueKeysWithValues: try object(depth: depth).map { ($0.key, $0.value) }))
    case "[": return .array(try array(depth: depth))
    case "\"", "'": return .string(try string())
    default: return try word()
    }
  }

  private mutating func object(depth: Int) throws(JSON5SyntaxError) -> [JSON5Member] {
    var members: [JSON5Member] = []
    var lines: [String: Int] = [:]
    position += 1
    while true {
      try skipSpace()
      if take("}") { return members }
      let line = line(at: position)
      let key = try key()
      if let first = lines.updateValue(line, forKey: key) {
        throw JSON5SyntaxError(
          message: "the key '\(key)' stands twice, first on line \(first)", line: line, remedy: "keep one of the two")
      }
      try skipSpace()
      if !take(":") {
        throw error(
          "a colon was expected after the key '\(key)', not \(here)",
          remedy: next == "-" ? "put a key with a hyphen in quotes, or write it with an underscore" : nil)
      }
      try skipSpace()
      members.append(JSON5Member(key: key, value: try value(depth: depth + 1), line: line))
      try skipSpace()
      if !take(",") && next != "}" { throw error("a comma or } was expected after '\(key)', not \(here)") }
    }
  }

  private mutating func array(depth: Int) throws(JSON5SyntaxError) -> [JSONValue] {
    var values: [JSONValue] = []
    position += 1
    while true {
      try skipSpace()
      if take("]") { return values }
      values.append(try value(depth: depth + 1))
      try skipSpace()
      if !take(",") && next != "]" { throw error("a comma or ] was expected in the list, not \(here)") }
    }
  }

  private mutating func key() throws(JSON5SyntaxError) -> String {
    if next == "\"" || next == "'" { return try string() }
    var key = String.UnicodeScalarView()
    while let scalar = next, scalar == "_" || scalar == "$" || scalar.properties.isIDContinue {
      key.append(scalar)
      position += 1
    }
    if key.isEmpty { throw error("a key was expected, not \(here)") }
    return String(key)
  }
}
