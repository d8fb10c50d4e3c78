import Foundation
import TestSupport
import Testing

/// What a run does that its host or `ulimit` has no memory for: it ends with 64 and the figures, or it trains.
@Suite struct MemoryLimitTests {
  private static let options = [
    "--encoder", "mlp", "--mlp-hidden", "16,8", "--proj-hidden-dim", "16", "--proj-output-dim", "8", "--threads", "1",
    "--autotune", "off", "--data", "synthetic:20,n=200", "--augment", "noise=0.1", "--batch-size", "32",
    "--max-steps", "2",
  ]

  /// `bt-dist` under a limit on addresses, in KiB.
  private func run(_ arguments: [String], kibibytes: Int) throws -> LaunchResult {
    let program = try RankCall("bt-dist", []).path
    return try Launch.run(
      "/bin/bash", ["-c", "ulimit -v \(kibibytes); exec \"$@\"", "sh", program] + arguments, ranks: nil)
  }

  @Test(arguments: [700_000, 800_000, 1_000_000, 1_500_000])
  func aLimitOnAddressesIsNoCrash(_ kibibytes: Int) throws {
    let folder = try TemporaryFolder()
    guard try run(["--help"], kibibytes: kibibytes).code == 0 else { return }
    let result = try run(["train", "--out", folder.file("run")] + Self.options, kibibytes: kibibytes)
    #expect(result.code == 0 || (result.code == 64 && result.text.contains("ulimit -v")), "\(result.text)")
  }

  @Test func aNetworkBeyondTheHostIsRefusedBeforeItIsDrawn() throws {
    let folder = try TemporaryFolder()
    let start = Date()
    let result = try Launch.run(
      "bt-dist",
      ["train", "--out", folder.file("run")] + Self.options + ["--proj-hidden-dim", "1000000"], ranks: nil)
    #expect(result.code == 64 && result.text.contains("does not fit into the memory"), "\(result.text)")
    #expect(result.text.contains("predicted for 1 rank"), "\(result.text)")
    #expect(Date().timeIntervalSince(start) < 20)
  }

  @Test func aLossBeyondEveryMemoryIsAWrongOption() throws {
    for size in ["4,4611686018427387904", "16777216,16777216"] {
      let result = try Launch.run("bt-dist", ["bench", "--loss", size], ranks: nil)
      #expect(result.code == 64 && result.text.contains("expected"), "\(result.text)")
    }
  }
}
