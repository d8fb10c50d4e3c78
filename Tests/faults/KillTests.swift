import Foundation
import TestSupport
import Testing

/// Ranks and `mpirun` that are gone without a word.
@Suite struct KillTests {
  @Test func aKilledRank() throws {
    var run = try SmallRun()
    run.steps = 100_000_000
    let launch = try run.start(ranks: 2)
    let started = launch.wait { run.result.lines.count >= 20 }
    try launch.send(signal: SIGKILL, toRank: 1)
    let killed = try launch.finish(limit: 60)
    #expect(started && killed.code != 0, "\(killed.text)")
    run.steps = try #require(run.result.checkpoints.last) + 6
    let resumed = try run.finish(ranks: 2)
    #expect(resumed.code == 0, "\(resumed.text)")
    let difference = try run.difference(from: run.undisturbed())
    #expect(difference == nil)
    FaultTable.add(
      .init(
        name: "SIGKILL of rank 1", injected: "kill -9 in a step", expected: "not 0; the same bits",
        seen: "exit \(killed.code); \(difference ?? "the same bits")", passed: difference == nil))
  }
}
