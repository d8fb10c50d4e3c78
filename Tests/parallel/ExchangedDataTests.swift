import Foundation
import TestSupport
import Testing

/// A run is trained on the same data from its first launch to its last, unless the user says otherwise; what counts are
/// their contents.
@Suite struct ExchangedDataTests {
  private static let network = [
    "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1", "--proj-hidden-dim", "16",
    "--proj-output-dim", "24", "--batch-size", "16", "--lr-scheduler", "none", "--autotune", "off",
    "--checkpoint-every-n-steps", "3",
  ]

  private func train(
    _ data: String, _ out: String, steps: Int, _ options: [String] = []
  ) throws -> LaunchResult {
    try Launch.run(
      "bt-dist",
      ["train", "--data", data, "--out", out, "--max-steps", "\(steps)"] + Self.network + options, ranks: nil)
  }

  private func write(_ folder: TemporaryFolder, _ name: String, rows: Int = 56, seed: UInt64) throws -> String {
    "npy:" + (try folder.npy(name, [rows, 12], normalNumbers(rows * 12, seed: seed)))
  }

  /// The option that the error names.
  private func acceptance(_ result: LaunchResult) throws -> [String] {
    let match = try #require(result.errors.firstMatch(of: /--accept-data ([0-9a-f,]+)/), "\(result.text)")
    return ["--accept-data", String(match.1)]
  }

  @Test(arguments: [56, 80]) func otherDataEndTheLaunch(rows: Int) throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let data = try write(folder, "x.npy", seed: 1)
    #expect(try train(data, run.path, steps: 6).code == 0)
    let (metrics, configuration) = (try run.metrics(), try readBytes(run.path + "/config.json"))
    _ = try write(folder, "x.npy", rows: rows, seed: 2)
    let refused = try train(data, run.path, steps: 9)
    #expect(refused.code == 65 && refused.errors.contains("--data \(data): the data are not those"), "\(refused.text)")
    #expect(try run.metrics() == metrics && readBytes(run.path + "/config.json") == configuration)

    // Said to be meant: then also at the next launch of the same command, and without it once they are the run's.
    let accepted = try acceptance(refused)
    for (steps, options) in [(9, accepted), (12, accepted), (15, [])] {
      let result = try train(data, run.path, steps: steps, options)
      #expect(result.code == 0 && result.output.contains("resumed    after step \(steps - 3)\n"), "\(result.text)")
      #expect(result.errors.contains("has other data than the run so far") == (steps == 9), "\(result.text)")
    }
    // Third data are not those that were accepted.
    _ = try write(folder, "x.npy", rows: rows, seed: 3)
    let third = try train(data, run.path, steps: 18, accepted)
    #expect(third.code == 65, "\(third.text)")
  }

  @Test func theSameDataCountWhereverTheyLie() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let data = try write(folder, "x.npy", seed: 1)
    #expect(try train(data, run.path, steps: 3).code == 0)
    let spellings = [
      "npy:\(folder.path)/./x.npy", try write(folder, "moved.npy", seed: 1),
      "idx:\(try folder.idx("bytes", [56, 12], [UInt8](repeating: 7, count: 56 * 12)))",
    ]
    for (number, spelling) in spellings.enumerated() {
      let result = try train(spelling, run.path, steps: 6 + 3 * number)
      #expect(result.code == (number < 2 ? 0 : 65), "\(result.text)")
      #expect(!result.errors.contains("warning"), "\(result.text)")
    }
    #expect(folder.text("run/config.json").contains(spellings[1]))
  }

  @Test func validationDataCountToo() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let data = try write(folder, "x.npy", seed: 1)
    let validation = ["--val-data", try write(folder, "v.npy", seed: 2), "--check-val-every-n-epoch", "1"]
    #expect(try train(data, run.path, steps: 3, validation).code == 0)
    let moved = ["--val-data", "npy:\(folder.path)/./v.npy", "--check-val-every-n-epoch", "1"]
    #expect(try train(data, run.path, steps: 6, moved).code == 0)
    _ = try write(folder, "v.npy", seed: 3)
    let refused = try train(data, run.path, steps: 9, validation)
    #expect(refused.code == 65 && refused.errors.contains("--val-data npy:"), "\(refused.text)")
    let accepted = try acceptance(refused)
    #expect(try train(data, run.path, steps: 9, validation + accepted).code == 0)
    // With or without validation is another run.
    let without = try train(data, run.path, steps: 12, accepted)
    #expect(without.code == 64 && without.errors.contains("--val-data"), "\(without.text)")
  }

  @Test func aRunThatBeginsWithAnothersCheckpointHasItsData() throws {
    let folder = try TemporaryFolder()
    let (origin, run) = (RunResult(folder.file("a")), RunResult(folder.file("b")))
    let data = try write(folder, "x.npy", seed: 1)
    let other = try write(folder, "y.npy", seed: 2)
    #expect(try train(data, origin.path, steps: 6).code == 0)
    let start = ["--resume", origin.checkpoint(6)]
    let refused = try train(other, run.path, steps: 9, start)
    #expect(refused.code == 65 && refused.errors.contains("a/launches.jsonl"), "\(refused.text)")
    let accepted = try acceptance(refused)
    #expect(try train(other, run.path, steps: 9, start + accepted).code == 0)
    #expect(try train(other, run.path, steps: 12, start).code == 0)
  }

  /// Runs of older versions, whose launches do not say: the spelling decides, as it did.
  @Test func withoutARecordTheSpellingDecides() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let data = try write(folder, "x.npy", seed: 1)
    #expect(try train(data, run.path, steps: 3).code == 0)
    try FileManager.default.removeItem(atPath: run.path + "/launches.jsonl")
    let other = try train("npy:\(folder.path)/./x.npy", run.path, steps: 6)
    #expect(other.code == 64 && other.errors.contains("--data"), "\(other.text)")
    #expect(try train(data, run.path, steps: 6).code == 0)
  }

  /// A replay has one data set.
  @Test func aReplayOverExchangedDataSaysWhere() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let data = try write(folder, "x.npy", seed: 1)
    #expect(try train(data, run.path, steps: 4).code == 0)
    _ = try write(folder, "x.npy", seed: 2)
    let accepted = try acceptance(try train(data, run.path, steps: 8))
    #expect(try train(data, run.path, steps: 8, accepted + ["--keep-checkpoints", "9"]).code == 0)
    let replay = ["replay", "--from", run.path]
    let all = try Launch.run("bt-dist", replay + ["--first-step", "1"], ranks: nil)
    #expect(all.code == 65 && all.errors.contains("other data at step 5"), "\(all.text)")
    #expect(try Launch.run("bt-dist", replay + ["--first-step", "5"], ranks: nil).code == 0)
  }
}
