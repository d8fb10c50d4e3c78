import TestSupport
import Testing

/// Training with dropout: which elements are dropped is a function of the step and of each sample's place, so that runs
/// repeat.
@Suite struct DropoutRunTests {
  private func train(_ run: String, to steps: Int, ranks: Int, threads: Int = 1) throws -> RunResult {
    let result = try Launch.run("rank-probe", ["dropout", run, "\(steps)"], ranks: ranks, threads: threads)
    try #require(result.code == 0, "\(result.text)")
    return RunResult(run)
  }

  /// Over the end of an epoch of three steps, with validations between the steps.
  @Test func bitsDependNeitherOnTheRanksNorOnStops() throws {
    let folder = try TemporaryFolder()
    let one = try train(folder.file("1"), to: 8, ranks: 1)
    let (metrics, digests) = (try one.metrics(), try one.digests(8))
    #expect(try one.losses.count == 8 && one.values("val_loss").count == 2)
    for ranks in [2, 4] {
      let run = try train(folder.file("\(ranks)"), to: 8, ranks: ranks)
      #expect(try run.metrics() == metrics && run.digests(8) == digests, "\(ranks) ranks")
    }
    for (steps, ranks) in [(3, 4), (5, 1), (8, 2)] { _ = try train(folder.file("parts"), to: steps, ranks: ranks) }
    let parts = RunResult(folder.file("parts"))
    #expect(try parts.metrics() == metrics && parts.digests(8) == digests)
  }
}
