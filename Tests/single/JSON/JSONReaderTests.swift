import Foundation
import JSON
import Testing

/// The reader against the grammars of JSON (RFC 8259) and JSON5 (spec.json5.org).
@Suite struct JSONReaderTests {
  @Test(arguments: [
    ("1", JSONValue.integer(1)), ("-0", .integer(0)), ("+5", .integer(5)), ("-17", .integer(-17)), ("0", .integer(0)),
    ("18446744073709551615", .integer(Int128(UInt64.max))), ("-9223372036854775808", .integer(Int128(Int64.min))),
    ("18446744073709551616", .integer(1 << 64)), ("9007199254740993", .integer(9_007_199_254_740_993)),
    ("170141183460469231731687303715884105727", .integer(.max)),
    ("-170141183460469231731687303715884105728", .integer(.min)),
    ("170141183460469231731687303715884105728", .number(0x1p127)), ("1e39", .number(1e39)),
    ("9007199254740993.0", .integer(9_007_199_254_740_993)), ("90071992547409930e-1", .integer(9_007_199_254_740_993)),
    ("0x1F", .integer(31)), ("-0x10", .integer(-16)), ("0XdeadBEEF", .integer(0xDEAD_BEEF)), ("+0x0", .integer(0)),
    ("0x1ffffffffffffffffffffffffffffffffffff", .number(0x1p145)), ("5.", .integer(5)), ("1e3", .integer(1000)),
    ("5.e1", .integer(50)), ("0e999999999999999999999", .integer(0)), ("-0.0", .integer(0)), ("1E+2", .integer(100)),
    ("1000e-3", .integer(1)), ("0.5", .number(0.5)), (".5", .number(0.5)), ("+.5e-1", .number(0.05)),
    ("-1E-6", .number(-1e-6)), ("0.30000000000000004", .number(0.1 + 0.2)), ("1e-999", .number(0)),
    ("5e-324", .number(.leastNonzeroMagnitude)), ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
    ("-Infinity", .number(-.infinity)), ("+Infinity", .number(.infinity)), ("Infinity", .number(.infinity)),
    ("true", .bool(true)), ("false", .bool(false)), ("null", .null),
    (#""a\"\\\/\b\f\n\r\t\v\0\u00e9\ud83d\ude00\x41\a\'\é""#, .string("a\"\\/\u{8}\u{C}\n\r\t\u{B}\0é😀Aa'é")),
    ("'it\"s'", .string("it\"s")), ("\"it's\"", .string("it's")), ("''", .string("")),
    ("'a\\\nb\\\rc\\\r\nd\\\u{2028}e\\\u{2029}f'", .string("abcdef")),
    ("'\t\u{1}\u{2028}\u{2029}'", .string("\t\u{1}\u{2028}\u{2029}")),
    ("[]", .array([])), ("[1,]", .array([.integer(1)])), ("[1, [2,],]", .array([.integer(1), .array([.integer(2)])])),
    ("[ \n]", .array([])), ("{}", .object([:])), ("{a: {'b c': 1}}", .object(["a": .object(["b c": .integer(1)])])),
    ("{a:1,}", .object(["a": .integer(1)])), ("{\"\": 1}", .object(["": .integer(1)])),
    (
      "{$_1: 1, ünï: 2, null: 3, NaN: 4, \\u0061b: 5, a\\u0301: 6, Ⅷ: 7, a\u{200D}: 8}",
      .object([
        "$_1": .integer(1), "ünï": .integer(2), "null": .integer(3), "NaN": .integer(4), "ab": .integer(5),
        "a\u{301}": .integer(6), "Ⅷ": .integer(7), "a\u{200D}": .integer(8),
      ])
    ),
    ("\t\u{B}\u{C}\u{A0}\u{FEFF}\u{2028}\u{2029}\u{2003}\u{3000}1", .integer(1)),
    ("// é\u{2028} 1 // \r", .integer(1)), ("/**/ /***/ /* / * // \n */ 1 /*/ */", .integer(1)),
  ])
  func json5(text: String, expected: JSONValue) throws {
    #expect(try JSONValue(json5: text) == expected)
    let document = try JSONValue(json5: "\u{FEFF}/* x */ { key /**/ : \n\(text) // end\n , }\n//")
    #expect(document == .object(["key": expected]))
  }

  @Test(arguments: ["NaN", "+NaN", "-NaN"]) func notANumber(text: String) throws {
    guard case .number(let value) = try JSONValue(json5: text) else {
      Issue.record("no number")
      return
    }
    #expect(value.isNaN && JSONValue.number(value).double == nil && "\(JSONValue.number(value))" == "nan")
  }

  @Test(arguments: [
    "", " ", "//", "{", "[", "}", "]", ",", ":", "{a}", "{a:}", "{a:1", "{a:1 b:2}", "{,}", "{a:1,,}", "{a:1}}", "[,]",
    "[1,,2]", "[1 2]", "[1", "[1}", "{a:1]", "1 2", "01", "-01", "00", "0x", "0xg", "-0x", "0x1.8", "--1", "+-1", "- 1",
    "1e", "1e+", "1e1.5", ".", "+", "-", ".e1", "1.2.3", "1a", "1_000", "0b1", "0o7", "tru", "True", "nul", "undefined",
    "infinity", "inf", "nan", "Nan", "Infinit", "Infinityx", "NaN1", "'x", "\"x'", "'x\n'", "'x\r'", "'\\", "'\\u12'",
    "'\\u00g0'", "'\\ud800x'", "'\\ud800\\x41'", "'\\ud800\\ud800'", "'\\udc00'", "'\\x4'", "'\\xg0'", "'\\1'", "'\\9'",
    "'\\01'", "{a-b:1}", "{1a:1}", "{1:1}", "{[a]:1}", "{\\x61:1}", "{\\u0031:1}", "{\\u002d:1}", "{a\u{A0}b:1}",
    "/", "/ /", "/*", "/* *", "/*/", "1 /* x", "1 / 2", "#", "`a`", "{'a' 1}", "{a=1}", "{a:1;b:2}", "\\u0031", "\0",
    "1\0",
    "(1)", "\u{200B}1", "‘a’",
  ])
  func noJSON5(text: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(json5: text) }
    #expect(error?.kind == .syntax && error.map { $0.offset <= text.utf8.count } == true)
  }

  @Test(arguments: ["1e309", "-1e309", "1e400", "1.8e308", "0x1" + String(repeating: "0", count: 300)])
  func numbersThatNoFloatHolds(text: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(json5: "[\(text)]") }
    #expect(error?.kind == .number && error?.offset == 1)
  }

  @Test(arguments: [
    ("{a: 1, a: 1}", 7), ("{a: 1, \"a\": 2}", 7), ("{a: 1, \\u0061: 2}", 7), ("[[{a: {b: 1, 'b': 1}}]]", 13),
  ])
  func keysThatAreThereTwice(text: String, offset: Int) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(json5: text) }
    #expect(error?.kind == .twice && error?.offset == offset)
  }

  @Test(arguments: [
    (
      #"{"a": [1, -2, 0.5, 1e2, true, false, null, "\u00e9"]} "#,
      JSONValue.object([
        "a": .array([
          .integer(1), .integer(-2), .number(0.5), .number(100), .bool(true), .bool(false), .null, .string("é"),
        ])
      ])
    ),
    ("2.0", .number(2)), ("\n[]\r\t", .array([])), ("\"\u{7F}\u{2028}\"", .string("\u{7F}\u{2028}")),
  ])
  func strict(text: String, expected: JSONValue) throws {
    #expect(try JSONValue(Array(text.utf8), .strict) == expected)
  }

  @Test(arguments: [
    "{a: 1}", "{'a': 1}", "{\"a\": 1,}", "[1,]", "'a'", "+1", ".5", "5.", "0x10", "NaN", "Infinity", "-Infinity",
    "// x\n1",
    "1 /* x */", "\u{A0}1", "\u{FEFF}1", "\u{B}1", "\"\t\"", "\"\\\n\"", "\"\\v\"", "\"\\0\"", "\"\\x41\"", "\"\\'\"",
    "01",
    "1.e1", "{\"a\":1,\"a\":1}", "[[[[[[[[[[]]]]]]]]]]",
  ])
  func notStrict(text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(Array(text.utf8), .strict) }
  }

  @Test(
    arguments: [
      [0x7B, 0xFF, 0x7D], [0x22, 0xC3, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x31, 0xC0],
      [0x2F, 0x2F, 0x80, 0x0A, 0x31],
      [0x2F, 0x2A, 0xF8, 0x2A, 0x2F, 0x31], [0x22, 0xC0, 0x80, 0x22],
    ] as [[UInt8]])
  func bytesThatAreNoUTF8(bytes: [UInt8]) {
    let error = #expect(throws: JSONSyntaxError.self) { try JSONValue(bytes, .json5) }
    #expect(error?.message.hasPrefix("bytes that are not UTF-8") == true)
  }

  @Test func depthAndCountAreBounded() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    _ = try JSONValue(json5: nested(64))
    for text in [nested(100), String(repeating: "[", count: 100_000), String(repeating: "{a:", count: 100_000)] {
      #expect(#expect(throws: JSONSyntaxError.self) { try JSONValue(json5: text) }?.kind == .size)
    }
    let many = "[" + String(repeating: "0,", count: 1_000_000) + "]"
    #expect(#expect(throws: JSONSyntaxError.self) { try JSONValue(json5: many) }?.kind == .size)
  }

  /// Texts that cost a reader the square of their length if it looks back, or ahead.
  @Test(.timeLimit(.minutes(1))) func hostileTextsAreRefusedSoon() {
    let count = 200_000
    let texts = [
      String(repeating: "\n", count: count), "'" + String(repeating: "\\u0061", count: count / 6),
      "// " + String(repeating: "é", count: count), "/*" + String(repeating: "*", count: count),
      String(repeating: "9", count: count), String(repeating: "a", count: count),
      "0." + String(repeating: "0", count: count) + "1x", "1e" + String(repeating: "9", count: count),
      "{" + (0..<count / 10).map { "k\($0): 1" }.joined(separator: ",\n"),
      String(repeating: "[1,\n", count: 60) + String(repeating: "'',\n", count: count / 4),
    ]
    for (number, text) in texts.enumerated() {
      #expect(throws: JSONSyntaxError.self, "text \(number)") { try JSONValue(Array(text.utf8), .json5) }
    }
  }

  /// Every string that is written comes back, in both dialects.
  @Test func writtenStringsComeBack() throws {
    let text = "\0\u{1}\u{1F}\u{7F}\"\\/\n\r\t\u{2028}é😀"
    let written = "\(JSONValue.string(text))"
    #expect(try JSONValue(json5: written) == .string(text))
    #expect(try JSONValue(Array(written.utf8), .strict) == .string(text))
  }

  @Test func anErrorNamesLineAndColumn() throws {
    let error = try #require(throws: JSONSyntaxError.self) { try JSONValue(json5: "{\r\n'é😀': 1,\n\r  'é': x}") }
    #expect((error.line, error.column, error.offset) == (4, 8, 25))
    #expect("\(error)" == "'x' is not a value (line 4, column 8)")
  }
}
