import Diagnostics
import Foundation
import Testing

@Suite struct ConsoleOutputTests {
  /// Both ends of a pipe that holds one page.
  private static func pipe() throws -> (reader: FileHandle, writer: FileHandle) {
    var ends: [Int32] = [0, 0]
    try #require(Foundation.pipe(&ends) == 0)
    return (
      FileHandle(fileDescriptor: ends[0], closeOnDealloc: true),
      FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
    )
  }

  @Test func aLogIsDroppedAndAResultIsAFailure() throws {
    let full = Console(try #require(FileHandle(forWritingAtPath: "/dev/full")))
    full.warn("a disk is full")
    let failure = #expect(throws: Failure.self) { try full.writeResult("42\n") }
    #expect(failure?.kind == .cannotWrite && failure?.message.contains("No space left") == true)
    // What can only be read stands for what was closed.
    let closed = Console(try #require(FileHandle(forReadingAtPath: "/dev/null")))
    closed.write("a line\n")
    #expect(throws: Failure.self) { try closed.writeResult("42\n") }
  }

  @Test func aReaderThatHasGoneHadWhatItWanted() throws {
    signal(SIGPIPE, SIG_IGN)
    let (reader, writer) = try Self.pipe()
    let console = Console(writer)
    try console.writeResult("first\n")
    try reader.close()
    try console.writeResult("second\n")
    console.write("third\n")
  }

  @Test func longTextsArriveWhole() async throws {
    let (reader, writer) = try Self.pipe()
    let text = String(repeating: "every line of it\n", count: 20_000)
    async let read = Task.detached { reader.readDataToEndOfFile() }.value
    try Console(writer).writeResult(text)
    try writer.close()
    #expect(String(decoding: await read, as: UTF8.self) == text)
  }

  @Test func nothingThatSteersATerminalIsPrinted() throws {
    let (reader, writer) = try Self.pipe()
    let console = Console(writer)
    console.warn("tensor '\u{1B}]0;owned\u{7}\u{9B}2J', \u{202E}txt.exe\r done")
    try console.writeResult(#"{"name": "a\#u{9B}b"}"# + "\n")
    console.redraw("a\nb")
    try writer.close()
    let text = String(decoding: reader.readDataToEndOfFile(), as: UTF8.self)
    #expect(
      text == #"bt-dist: warning: tensor '\u001b]0;owned\u0007\u009b2J', \u202etxt.exe\u000d done"# + "\n"
        + #"{"name": "a\u009bb"}"# + "\n\r" + #"a\u000ab"#)
  }

  @Test func wordsOfAllScriptsStay() {
    for text in ["Grüße", "می\u{200C}خواهم", "日本", "👩\u{200D}🔬", "a\u{301}"] { #expect(text.printable == text) }
    #expect("a\tb\nc".printableLines == "a\tb\nc")
    #expect("a\tb\u{2028}\u{E0041}".printable == #"a\u0009b\u2028\udb40\udc41"#)
  }

  /// A name cannot look like a line of ours.
  @Test func failuresIndentWhatComesFromFiles() {
    let failure = Failure(.data, "no such tensor", at: "x\nbt-dist: done", found: "a\nbt-dist: done")
    #expect(failure.description == "x\\u000abt-dist: done: no such tensor\n  found:    a\n            bt-dist: done")
  }
}
