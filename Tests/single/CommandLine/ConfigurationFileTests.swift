import CommandLine
import Diagnostics
import Foundation
import JSON
import TestSupport
import Testing

/// Files of options: what is wrong in them is told with its line.
@Suite(.commandLine) struct ConfigurationFileTests {
  @Test(arguments: [
    ("", 1, 1, "no value here"), ("{\r\n a: 1,\r\n b 2}", 3, 4, "no ':' after the key 'b'"),
    ("{a: [1,\n 2],\n b: {c: 1}, // x\n\n d: 012\n}", 5, 5, "'012' is not a value"),
    ("{\na: 'x\n}", 2, 4, "without its closing quote"), ("{a: 1,\n /* }", 2, 2, "a comment without its end"),
    ("{ä: 1,\n  'ü': ö}", 2, 8, "no value here"), ("{a: 1,\r b: 2\r c: 3}", 3, 2, "no ',' or '}'"),
    ("{a: {b: 1,\n b: 2}}", 2, 2, "the key 'b' twice"), ("{a: 1,\n'a': 2}", 2, 1, "the key 'a' twice"),
    ("{a: 1,\n b: [1e400]}", 2, 6, "the number 1e400 is too large"),
    ("{\nbatch-size: 3}", 2, 6, "no ':' after the key 'batch'"),
  ])
  func mistakesNameTheirPlace(text: String, line: Int, column: Int, says: String) {
    let failure = #expect(throws: Failure.self) { try read(text) }
    #expect(failure?.kind == .usage)
    #expect(failure?.location == "x.json5, line \(line), column \(column)")
    #expect(failure?.message.contains(says) == true, "\(failure?.message ?? "")")
    // A number that is too large and a key that is there twice are JSON5.
    let isSyntax = !says.contains("twice") && !says.contains("large")
    #expect(failure?.message.hasPrefix("not valid JSON5: ") == isSyntax)
  }

  @Test func membersKeepTheirOrderAndTheirLines() throws {
    let file = try read("{z: 1,\n\n a: {b: 1,\n c: 2},\r\n 'm': 3}")
    #expect(file.members.map(\.key) == ["z", "a", "m"])
    #expect(file.members.map(\.line) == [1, 3, 5])
  }

  @Test func onlyObjectsOfBoundedLength() throws {
    #expect(#expect(throws: Failure.self) { try read("[1]") }?.found == "a list")
    let long = #expect(throws: Failure.self) {
      try ConfigurationFile(path: "x.json5", bytes: Data(count: ConfigurationFile.mostBytes + 1))
    }
    #expect(long?.message == "the file is too long" && long?.expected == "at most 16 MiB")
    // Endless.
    #expect(try ConfigurationFile.read(path: "/dev/zero").count == ConfigurationFile.mostBytes + 1)
  }

  private func read(_ text: String) throws -> ConfigurationFile {
    try ConfigurationFile(path: "x.json5", bytes: Data(text.utf8))
  }
}

/// What a file takes, the command line takes too.
@Suite(.commandLine) struct OptionTextTests {
  @Test(arguments: [
    ("1e2", 100), ("0x10", 16), ("+5", 5), ("5.", 5), ("2.5e1", 25), ("1e0", 1), ("007", 7), ("-1", -1),
  ])
  func integers(text: String, expected: Int) {
    let format = ValueFormat<Int>.integer(atLeast: -1)
    #expect(format.fromText(text) == expected)
    #expect(ValueFormat<[Int]>.integers(atLeast: -1).fromText("\(text), \(text)") == [expected, expected])
    if text != "007" { #expect((try? JSONValue(json5: text)).flatMap(format.fromJSON) == expected) }
  }

  @Test(arguments: [
    "", "1.5", "1e-1", "1e400", "NaN", "Infinity", "1_000", " 1", "1 ", "0x", "--1", "9223372036854775808",
  ])
  func noIntegers(text: String) {
    #expect(ValueFormat<Int>.integer(atLeast: -1).fromText(text) == nil)
  }

  @Test func jsonInAnOptionNamesItsPlace() {
    let format = ValueFormat<[String: KwargValue]>.keywordArguments("{}")
    #expect(
      format.explain(.string("{eps: 1, eps: 2}"))?.description.contains("column 10: the object has the key 'eps' twice")
        == true)
    #expect(format.explain(.string("{eps: 1e400}"))?.message == "the number 1e400 is too large")
    #expect(format.explain(.string("{eps 1}"))?.message == "not valid JSON5: no ':' after the key 'eps'")
    #expect(format.explain(.string("{eps: {}}"))?.location == "key 'eps'")
    #expect(format.explain(.string("{eps: 1}")) == nil && format.fromText("{eps: 1}") == ["eps": .number(1)])
  }

  @Test func textsHaveNoNUL() {
    #expect(ValueFormat<String>.text("FILE").fromText("a\0b") == nil)
  }
}
