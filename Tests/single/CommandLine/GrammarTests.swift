import CommandLine
import Diagnostics
import TestSupport
import Testing

/// The options of a small command, as `report` or `inspect` would define theirs.
private struct Options: Sendable, Equatable {
  var out = "report.html"
  var open = false
  var scale = 1.0
  var level = 0
}

private func command(count: ClosedRange<Int>) -> CommandDefinition<Options> {
  CommandDefinition(
    name: "report", summary: "draws runs side by side.", synopsis: ["report RUN... [options]"], examples: [],
    groups: [
      OptionGroup(
        "Output",
        [
          OptionDefinition("out", \.out, .text("FILE"), "The page."),
          OptionDefinition("open", \.open, .boolean, "Whether to open it."),
          OptionDefinition("scale", \.scale, .number(atLeast: -2, atMost: 2), "Its size."),
          OptionDefinition("level", \.level, .integer(atLeast: -1, atMost: 9), "Its depth."),
        ])
    ], positionals: PositionalArguments("RUN", "A run folder.", count: count), defaults: Options())
}

@Suite(.commandLine) struct GrammarTests {
  @Test func positionalsAmongOptions() throws {
    let arguments = ["a", "--open", "b", "--scale", "-1.5", "--level=-1", "-", "--", "--out", "--help"]
    guard case .run(let parsed) = try command(count: 1...Int.max).parse(arguments) else {
      Issue.record("no run")
      return
    }
    #expect(parsed.positionals == ["a", "b", "-", "--out", "--help"])
    #expect(parsed.options == Options(open: true, scale: -1.5, level: -1))
  }

  @Test func positionalsAreCounted() {
    let none = #expect(throws: Failure.self) { try command(count: 1...Int.max).parse([]) }
    #expect(none?.message == "an argument is missing" && none?.expected == "at least 1 RUN")
    let many = #expect(throws: Failure.self) { try command(count: 1...1).parse(["a", "b"]) }
    #expect(many?.message == "too many arguments" && many?.found == "'a' 'b'")
  }

  @Test func commandsWithoutAFileHaveNoConfig() {
    let failure = #expect(throws: Failure.self) { try command(count: 0...1).parse(["--config", "x"]) }
    #expect(failure?.message == "unknown option --config")
    let help = command(count: 0...1).helpText()
    #expect(!help.contains("--config") && help.contains("--help") && help.contains("Arguments:\n  RUN"))
    #expect(help.contains("(default: report.html)"))
  }

  @Test(arguments: [("level", "10", "an integer from -1 to 9"), ("scale", "3", "a number from -2 to 2")])
  func ranges(name: String, text: String, expected: String) {
    let failure = #expect(throws: Failure.self) { try command(count: 0...1).parse(["--\(name)", text]) }
    #expect(failure?.expected == expected)
  }

  @Test func commandsHaveAnOverview() {
    let overview = CommandOverview([("train", "trains."), ("report", "reports.")])
    #expect(overview.helpText.contains("  train   trains.\n"))
    #expect(overview.unknown("trian").remedy == "did you mean train?")
    #expect(overview.unknown("zzz").remedy == "`bt-dist --help` says what each of them does")
  }
}
