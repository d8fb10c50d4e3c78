import Diagnostics
import Files
import Foundation
import RunRecord
import TestSupport
import Testing

/// Numbers that records must not hold: near the largest integer, negative, or not finite.
@Suite struct RecordLimitTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A state's members, as JSON, with one of them replaced or added.
  private func state(_ key: String, _ value: String) -> String {
    var members = ["format": "1", "step": "12", "shards": "2", "layout": "\"x\""]
    members[key] = value
    return "{" + members.map { "\"\($0.key)\": \($0.value)" }.sorted().joined(separator: ", ") + "}"
  }

  @Test(arguments: [
    ("step", "9223372036854775807", "step"), ("step", "-1", "step"), ("updates", "9223372036854775806", "updates"),
    ("updates", "13", "updates"), ("updates", "-1", "updates"), ("bad_steps_in_a_row", "-1", "bad_steps_in_a_row"),
    ("shards", "0", "shards"), ("shards", "1000000000000", "shards"), ("loss_start", "\"nan\"", "loss_start"),
    ("metrics", "{\"loss\": \"inf\"}", "metrics.loss"),
    (
      "epoch_loss", "{\"count\": 9223372036854775807, \"totals\": 1, \"invariances\": 1, \"redundancies\": 0}",
      "epoch_loss.count"
    ),
    ("epoch_loss", "{\"count\": -1, \"totals\": 1, \"invariances\": 1, \"redundancies\": 0}", "epoch_loss.count"),
    ("epoch_loss", "{\"count\": 1, \"totals\": \"nan\", \"invariances\": 1, \"redundancies\": 0}", "epoch_loss"),
    (
      "early_stopping", "{\"metric\": \"loss\", \"mode\": \"min\", \"waited\": -9223372036854775808}",
      "early_stopping.waited"
    ),
  ])
  func aStateNamesFileAndField(_ key: String, _ value: String, _ field: String) throws {
    let path = folder.file("state.json")
    try Data(state(key, value).utf8).write(to: URL(fileURLWithPath: path))
    expectFailure(.data, "\(path), key '\(field)'", "expected", "found") {
      _ = try CheckpointState(contentsOf: path)
    }
  }

  @Test func whatARunWritesIsTaken() throws {
    let loss = "{\"count\": 12, \"totals\": 1, \"invariances\": 1, \"redundancies\": 0}"
    #expect(try CheckpointState(json: state("epoch_loss", loss)).epochLoss?.count == 12)
    #expect(try CheckpointState(json: state("updates", "11")).updateCount == 11)
    #expect(try CheckpointState(json: state("step", "0")).step == 0)
  }

  @Test func namesOfCheckpointsHaveALimitToo() {
    #expect(CheckpointName("step-9223372036854775807") == nil)
    #expect(CheckpointName("step-1000000000000000")?.step == 1_000_000_000_000_000)
  }

  @Test func aLaunchWithAnImpossibleStepIsUnreadable() throws {
    let line = try launch(from: 7).json()
    let wrong = line.replacingOccurrences(of: "\"first_step\":7", with: "\"first_step\":-3")
    try Data("\(line)\n\(wrong)\n".utf8).write(to: URL(fileURLWithPath: folder.file("launches.jsonl")))
    let history = LaunchHistory(path: folder.file("launches.jsonl"))
    #expect(history.launches.count == 1 && history.unreadableLines == 1)
  }

  @Test func aBadBatchHasSamplesAndAStep() throws {
    var batch = BadBatch(runFolder: "r", step: 3, onBadLoss: "stop", notFinite: .loss)
    batch.shards = [BadBatch.Shard(shard: 0, rank: 0, samples: [1, 2])]
    let path = try batch.write(into: folder.path)
    #expect(try BadBatch(contentsOf: path) == batch)
    batch.shards[0].samples[1] = -1
    let wrong = try batch.write(into: folder.path)
    expectFailure(.data, "\(wrong), key 'shards.samples'", "-1") { _ = try BadBatch(contentsOf: wrong) }
  }
}
