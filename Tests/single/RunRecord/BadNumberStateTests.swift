import Foundation
import RunRecord
import Tensors
import TestSupport
import Testing
import TwinNetwork

@Suite struct BadNumberStateTests {
  let folder = try! TemporaryFolder()

  private func batch(loss: String) throws -> BadBatch {
    let text = """
      {"format": 1, "run_folder": "/runs/a", "step": 12, "on_bad_loss": "stop", "not_finite": "running statistics",
       "loss": \(loss), "loss_invariance": "inf", "loss_redundancy": "-inf", "grad_norm": 0.1, "lr": 1e-3,
       "gradients_not_finite": ["encoder.0.weight"], "statistics_not_finite": [],
       "suspects": [{"sample": 3, "shard": 0, "rank": 0, "largest_input": 3.4028235e38}],
       "shards": [{"shard": 0, "rank": 0, "samples": [3, 1]}]}
      """
    return try BadBatch(contentsOf: try folder.write("written.json", text))
  }

  @Test func theFileOfABadBatchComesBack() throws {
    let written = try batch(loss: "\"nan\"")
    let path = try written.write(into: folder.file("bad-batches"))
    #expect(path == folder.file("bad-batches/step-00000012.json"))
    let read = try BadBatch(contentsOf: path)
    #expect(read.repeats(written) && read.suspects == written.suspects && read.shards == written.shards)
    #expect(read.notFinite == .statistics && read.lossRedundancy == -.infinity && read.gradNorm == 0.1)
    #expect(try !read.repeats(batch(loss: "1")))
  }

  @Test func itsRunIsTheFolderAroundIt() throws {
    let path = try batch(loss: "1").write(into: folder.file("run/bad-batches"))
    #expect(try batch(loss: "1").folder(ofFile: path) == "/runs/a")
    try folder.write("run/config.json", "{}")
    #expect(try batch(loss: "1").folder(ofFile: path) == folder.file("run"))
  }

  @Test func metricsSayWhatWasDone() throws {
    var record = StepRecord()
    (record.step, record.loss) = (7, .nan)
    for outcome in [nil, .skipped, .rolledBack(to: 1_234_567_890)] as [BadStepOutcome?] {
      record.badStep = outcome
      let line = ArraySlice(MetricsLine.json(record).utf8)
      #expect(MetricsLine.badStep(of: line) == outcome)
      #expect(MetricsLine.badStep(of: line + [10]) == outcome)
      #expect(MetricsLine.contradiction(in: line) == nil && MetricsLine.exactNumbers(of: line)?.first?.isNaN == true)
    }
  }

  @Test func badStepsAreCounted() throws {
    var state = CheckpointState(step: 4, shards: 1, lossStart: nil, layout: "")
    let loss = LossValue(invariance: 1, redundancy: 2, lambd: 1, deadFeatures: 0)
    state.passBadStep(updates: 4)
    state.passBadStep(updates: 4)
    #expect(state.step == 6 && state.updateCount == 4 && state.badStepsInARow == 2 && state.epochLoss == nil)
    #expect(try CheckpointState(json: state.json()) == state)
    state.advance(loss)
    #expect(state.step == 7 && state.updateCount == 5 && state.badStepsInARow == nil && state.epochLoss?.count == 1)
    let old = try CheckpointState(json: #"{"format":1,"step":7,"shards":2,"layout":"l"}"#)
    #expect(old.updateCount == 7 && old.badStepsInARow == nil)
  }

  /// Other checkpoints do not push it out.
  @Test func theCheckpointToReturnToStays() throws {
    let store = CheckpointStore(runFolder: folder.path, keep: 2, rollbackInterval: 4)
    func steps(after step: Int) throws -> [Int] {
      let state = CheckpointState(step: step, shards: 1, lossStart: nil, layout: "")
      _ = try store.save(state, model: [], optimizer: [])
      return store.names().map(\.step)
    }
    #expect(try steps(after: 0) == [0] && steps(after: 2) == [0, 2])
    #expect(store.rollbackTarget(upTo: 2, interval: 4) == nil)
    #expect(try steps(after: 4) == [2, 4] && steps(after: 5) == [4, 5] && steps(after: 6) == [4, 5, 6])
    #expect(try steps(after: 7) == [4, 6, 7])
    #expect(store.rollbackTarget(upTo: 7, interval: 4) == CheckpointName(step: 4))
    #expect(store.rollbackTarget(upTo: 3, interval: 4) == nil)
    #expect(try steps(after: 8) == [7, 8])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, .signalingNaN])
  func everyKindOfBadNumberIsSeen(value: Float) {
    let loss = LossValue(invariance: 1, redundancy: 2, lambd: 1, deadFeatures: 0)
    let numbers = AlignedBuffer<Float>(
      copying: [0, -0.0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude])
    #expect(numbers.areFinite && BadNumber(loss, gradientNorm: 1, statistics: numbers) == nil)
    for place in 0..<5 {
      let bad = AlignedBuffer<Float>(copying: Array(numbers.elements))
      bad.pointer[place] = value
      #expect(!bad.areFinite && BadNumber(loss, gradientNorm: 1, statistics: bad) == .statistics)
    }
    #expect(BadNumber(loss, gradientNorm: Double(value), statistics: numbers) == .gradient)
    let lost = LossValue(invariance: Double(value), redundancy: 2, lambd: 1, deadFeatures: 0)
    #expect(BadNumber(lost, gradientNorm: 1, statistics: numbers) == .loss)
    #expect(!value.isNaN || lost.withOneNaN.total.bitPattern == Double.nan.bitPattern)
  }
}
