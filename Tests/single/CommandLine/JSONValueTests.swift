import CommandLine
import Diagnostics
import Foundation
import Testing

@Suite struct JSONValueTests {
  @Test(arguments: [
    ("1", JSONValue.integer(1)), ("-0", .integer(0)), ("+5", .integer(5)), ("-17", .integer(-17)),
    ("18446744073709551615", .integer(Int128(UInt64.max))), ("-9223372036854775808", .integer(Int128(Int64.min))),
    ("18446744073709551616", .integer(1 << 64)), ("9007199254740993", .integer(9_007_199_254_740_993)),
    ("0x1F", .integer(31)), ("-0x10", .integer(-16)), ("5.", .integer(5)), ("1e3", .integer(1000)),
    (".5", .number(0.5)), ("-1E-6", .number(-1e-6)), ("0.30000000000000004", .number(0.1 + 0.2)),
    ("5e-324", .number(.leastNonzeroMagnitude)), ("-Infinity", .number(-.infinity)), ("true", .bool(true)),
    ("null", .null),
    (#""a\"\\\/\n\u00e9\ud83d\ude00\x41""#, .string("a\"\\/\né😀A")), ("'it\"s'", .string("it\"s")),
    ("[]", .array([])), ("[1, [2,],]", .array([.integer(1), .array([.integer(2)])])),
    ("{a: {'b c': 1}}", .object(["a": .object(["b c": .integer(1)])])),
  ])
  func values(text: String, expected: JSONValue) throws {
    let members = try read("\u{FEFF}/* x */ { key /**/ : \(text) // end\n , }\n//")
    #expect(members == ["key": expected])
  }

  @Test func notANumber() throws {
    guard case .number(let value) = try read("{a: NaN}")["a"] else {
      Issue.record("no number")
      return
    }
    #expect(value.isNaN && JSONValue.number(value).double == nil && "\(JSONValue.number(value))" == "nan")
  }

  @Test(arguments: [
    "", "{", "{a}", "{a:}", "{a:1", "{a:1 b:2}", "{,}", "{a:1}}", "{a:01}", "{a:0x}", "{a:--1}", "{a:1e}", "{a:.}",
    "{a:+}", "{a:tru}", "{a:'x}", "{a:'x\n'}", "{a:'\\u12'}", "{a:'\\ud800x'}", "{a:'\\udc00'}", "{a:[1 2]}", "{a:[,]}",
    "{a:1 /*", "[1]", "{a-b:1}", "{a:'\\", "{a:inf}", "{a:nan}", "{a:1e999}",
  ])
  func mistakes(text: String) {
    let failure = #expect(throws: Failure.self) { try read(text) }
    #expect(failure?.kind == .usage && failure?.location == "x.json5")
  }

  @Test(arguments: [
    ("{\r\n a: 1,\r\n b 2}", 2), ("{a: [1,\n 2],\n b: {c: 1}, // x\n\n d: 012\n}", 4), ("{\na: 'x\n}", 1),
    ("{a: 1,\n /* }", 1),
  ])
  func mistakesNameTheLineBefore(text: String, line: Int) {
    let failure = #expect(throws: Failure.self) { try read(text) }
    #expect(failure?.location == "x.json5, after line \(line)")
  }

  @Test func anyBytesAreRefusedInPeace() {
    #expect(throws: Failure.self) { try ConfigurationFile(path: "x.json5", bytes: Data([0x7B, 0xFF, 0x7D])) }
    #expect(throws: Failure.self) { try read("{a:" + String(repeating: "[", count: 100_000)) }
    #expect(throws: Failure.self) { try read("{a:" + String(repeating: "\n", count: 100_000)) }
  }

  /// NUL is left out: no argument and no path can hold it, and Foundation's JSON5 refuses it.
  @Test func writtenStringsComeBack() throws {
    let text = "\u{1}\u{1F}\u{7F}\"\\/\n\r\t\u{2028}é😀"
    #expect(try read("{a: \(JSONValue.string(text))}") == ["a": .string(text)])
  }

  private func read(_ text: String) throws -> [String: JSONValue] {
    try ConfigurationFile(path: "x.json5", bytes: Data(text.utf8)).members
  }
}
