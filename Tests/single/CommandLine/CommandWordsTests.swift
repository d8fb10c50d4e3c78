import CommandLine
import Foundation
import TestSupport
import Testing

/// The words of a call as the system keeps them.
@Suite(.commandLine) struct CommandWordsTests {
  @Test func words() {
    #expect(CommandWords.words(in: Data("bt-dist\0doctor\0\0--json\0".utf8)) == ["bt-dist", "doctor", "", "--json"])
    #expect(CommandWords.words(in: Data()) == [])
  }

  /// What the runtime found at its start is what the system keeps.
  @Test func thoseOfThisProcess() {
    #expect(CommandWords.ofProcess == Array(CommandLine.arguments.dropFirst()))
  }
}
