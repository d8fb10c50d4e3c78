import Configuration
import Testing

@Suite struct JSON5ParserTests {
  @Test(arguments: [
    ("1", JSONValue.number("1")), ("-0", .number("0")), ("-0.0", .number("0.0")), ("+5", .number("5")),
    ("-17", .number("-17")),
    ("18446744073709551616", .number("18446744073709551616")), ("0x1F", .number("31")), ("-0x10", .number("-16")),
    (".5", .number("0.5")), ("5.", .number("5.0")), ("1e3", .number("1000.0")), ("-1E-6", .number("-1e-06")),
    ("NaN", .number("nan")), ("-Infinity", .number("-inf")), ("true", .bool(true)), ("null", .null),
    (#""a\"\\\/\n\u00e9\ud83d\ude00\x41""#, .string("a\"\\/\né😀A")), ("'it\"s'", .string("it\"s")),
    ("'a\\\nb\\\r\nc'", .string("abc")), ("[]", .array([])),
    ("[1, [2,],]", .array([.number("1"), .array([.number("2")])])),
    ("{a: {'b c': 1}}", .object(["a": .object(["b c": .number("1")])])),
  ])
  func values(text: String, expected: JSONValue) throws {
    let members = try JSON5Parser.parse(Array("\u{FEFF}/* x */ { key /**/ : \(text) // end\n , }\n//".utf8))
    #expect(members.map(\.key) == ["key"] && members.first?.value == expected && members.first?.line == 1)
  }

  @Test(arguments: [
    "", "{", "{a}", "{a:}", "{a:1", "{a:1 b:2}", "{,}", "{a:1}}", "{a:01}", "{a:0x}", "{a:--1}", "{a:1e}", "{a:.}",
    "{a:+}",
    "{a:tru}", "{a:'x}", "{a:'x\n'}", "{a:'\\u12'}", "{a:'\\ud800x'}", "{a:'\\udc00'}", "{a:[1 2]}", "{a:[,]}",
    "{a:1 /*",
    "{a:1,a:2}", "{a:{b:1,b:2}}", "[1]", "{a-b:1}", "{a:'\\", "{a:inf}", "{a:nan}",
  ])
  func mistakes(text: String) {
    #expect(throws: JSON5SyntaxError.self) { try JSON5Parser.parse(Array(text.utf8)) }
  }

  @Test func mistakesNameTheLine() {
    let error = #expect(throws: JSON5SyntaxError.self) { try JSON5Parser.parse(Array("{\r\n a: 1,\r\n b 2}".utf8)) }
    #expect(error?.line == 3 && error?.message == "a colon was expected after the key 'b', not '2'")
    #expect(throws: JSON5SyntaxError.self) { try JSON5Parser.parse([0x7B, 0xFF, 0x7D]) }
    let nested = "{a:" + String(repeating: "[", count: 100_000)
    #expect(throws: JSON5SyntaxError.self) { try JSON5Parser.parse(Array(nested.utf8)) }
  }

  @Test func writtenStringsComeBack() throws {
    let text = "\u{0}\u{1F}\u{7F}\"\\/\n\r\t\u{2028}é😀"
    let members = try JSON5Parser.parse(Array("{a: \(JSONValue.string(text))}".utf8))
    #expect(members.first?.value == .string(text))
  }
}
