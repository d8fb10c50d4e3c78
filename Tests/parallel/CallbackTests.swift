import TestSupport
import Testing

/// Callbacks of a program of its own, on a run in memory.
@Suite struct CallbackTests {
  private static let whole = [
    "start", "step 1", "step 2", "validation 2 of 2", "validated 2", "step 3", "epoch 1 of 3", "step 4",
    "validation 4 of 2", "validated 4", "step 5", "step 6", "validation 6 of 2", "validated 6", "epoch 2 of 3", "end 6",
  ]

  /// What rank 0's callback heard, and how every rank ended.
  private func run(_ arguments: [String], ranks: Int) throws -> (events: [String], ends: [String]) {
    let result = try Launch.run("rank-probe", ["callbacks"] + arguments, ranks: ranks, limit: 60)
    try #require(result.code == 0, "\(result.text)")
    let lines = result.output.split(separator: "\n").map(String.init)
    return (lines.filter { !$0.hasPrefix("rank ") }, lines.filter { $0.hasPrefix("rank ") }.sorted())
  }

  @Test(arguments: [1, 2]) func allEventsInTheirOrderOnRank0(ranks: Int) throws {
    let found = try run(["none"], ranks: ranks)
    #expect(found.events == Self.whole)
    #expect(found.ends == (0..<ranks).map { "rank \($0): finished" })
  }

  @Test(
    arguments: [
      ("none", "stop:step 3", 3), ("none", "stop:validated 2", 2), ("5", "stop:start", 5), ("none", "stop:start", 0),
    ], [1, 2])
  func aCallbackEndsTheRun(_ call: (minimum: String, event: String, end: Int), ranks: Int) throws {
    let found = try run([call.minimum, call.event], ranks: ranks)
    let heard = call.event.dropFirst("stop:".count)
    #expect(found.events.last == "end \(call.end)")
    #expect(found.events.filter { $0.hasPrefix("step") } == (0..<call.end).map { "step \($0 + 1)" })
    #expect(found.ends == (0..<ranks).map { "rank \($0): stopped(\"heard \(heard)\")" })
  }

  @Test(
    arguments: [
      "throw:start", "throw:step 3", "throw:validation 2 of 2", "throw:validated 4", "throw:epoch 1 of 3",
      "throw:end 6",
    ], [1, 2])
  func whatACallbackThrowsEndsAllRanks(_ event: String, ranks: Int) throws {
    let found = try run(["none", event], ranks: ranks)
    let heard = String(event.dropFirst("throw:".count))
    #expect(found.events == Array(Self.whole[...Self.whole.firstIndex(of: heard)!]))
    #expect(found.ends == (0..<ranks).map { "rank \($0): failed: heard \(heard)" })
  }
}
