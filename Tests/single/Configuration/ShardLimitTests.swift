import Configuration
import Diagnostics
import Testing
import Training

/// Numbers of shards from options, files and checkpoints, whatever they are.
@Suite(.commandLine) struct ShardLimitTests {
  @Test(arguments: [Int.min, -1, 0, 1 << 20 + 1, 1_000_000_000_000, Int.max])
  func impossibleNumbersAreRefused(_ shards: Int) {
    let configuration = TrainingConfiguration()
    let failure = #expect(throws: Failure.self) { try configuration.validate(shards: shards) }
    #expect(failure?.kind == .usage && failure?.location == "--shards")
  }

  @Test func theirMultipleForMoreRanksDoesNotOverflow() {
    #expect(RunStart.shards(nil, before: .max, ranks: 3) == .max)
    #expect(RunStart.shards(nil, before: 4, ranks: 6) == 12)
  }
}
