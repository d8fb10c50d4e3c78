import Configuration
import Diagnostics
import Optimization
import Testing

@Suite struct TimeLimitTests {
  private func parse(_ text: String) throws -> TimeLimit {
    var configuration = TrainingConfiguration()
    let option = try #require(TrainingConfiguration.command.options.first { $0.name == "time-limit" })
    try option.set(&configuration, text: text)
    return configuration.timeLimit
  }

  @Test(
    arguments: [
      ("90s", 90), ("90", 90), ("0.5", 0.5), ("90m", 5400), ("1.5h", 5400), ("2d", 172_800), ("00:01:30", 90),
      ("23:50:00", 85_800),
      ("1-12:00:00", 129_600), ("01:12:00:00", 129_600),
    ] as [(String, Double)])
  func timesAreReadAsTheyAreWrittenElsewhere(_ call: (text: String, seconds: Double)) throws {
    #expect(try parse(call.text) == .seconds(call.seconds))
  }

  @Test func wordsAreReadToo() throws {
    #expect(try parse("auto") == .auto)
    #expect(try parse("none") == TimeLimit.none)
    #expect(TrainingConfiguration().timeLimit == .auto)
  }

  @Test(arguments: ["", "-5", "12:34", "0s", "-5m", "1:2:3:4:5", "1-2:3", "m", "1e400h", "a:b:c", "1-1-00:00:00"])
  func whatCouldBeMeantInTwoWaysIsRefused(_ text: String) {
    let failure = #expect(throws: Failure.self) { try parse(text) }
    #expect(failure?.kind == .usage)
    #expect(failure?.expected?.contains("seconds") == true)
  }
}
