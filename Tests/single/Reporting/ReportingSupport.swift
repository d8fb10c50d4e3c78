import Foundation
import Layers
import RunRecord
import Training
import TwinNetwork

/// A folder of a test that goes when the test does.
final class Scratch {
  let path = NSTemporaryDirectory() + "/bt-dist-reporting-\(UUID().uuidString)"

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }
  func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

  /// A new file, open for writing.
  func handle(_ name: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: file(name)))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: file(name)))
  }
}

func summary(firstStep: Int = 0, lastStep: Int = 1000, stepsPerEpoch: Int = 50) -> RunSummary {
  var summary = RunSummary()
  summary.lines = ["data: fashion-mnist", "ranks: 2"]
  summary.ranks = 2
  (summary.firstStep, summary.lastStep, summary.stepsPerEpoch) = (firstStep, lastStep, stepsPerEpoch)
  summary.batchSize = 256
  return summary
}

func record(step: Int) -> StepRecord {
  var record = StepRecord()
  record.step = step
  record.epoch = Double(step) / 50
  (record.loss, record.lossInvariance, record.lossRedundancy) = (812.3456789123, 12.25, 160_019.136)
  (record.lossFloor, record.lossStart) = (100, 2000)
  (record.learningRate, record.gradNorm, record.deadFeatures) = (3e-4, 1.5, 0)
  (record.stepMs, record.samplesPerSecond, record.dataWaitMs, record.commWaitMs) = (200, 1280, 0.25, 12.5)
  (record.phases.forwardMs, record.phases.lossMs) = (50, 8.5)
  (record.phases.backwardMs, record.phases.optimizerMs) = (110, 18.75)
  return record
}

/// A launch of four ranks on two hosts.
func launch(from step: Int, threads: Int = 1) -> LaunchRecord {
  LaunchRecord(
    firstStep: step, date: Date(timeIntervalSince1970: 0), ranks: 4, hosts: ["a", "a", "b", "a"], shards: 4,
    maxEpochs: nil, maxSteps: nil,
    kernels: KernelTraits(blas: "blas", oneDNN: "oneDNN", mathLibrary: "glibc", threads: threads),
    isIndependentOfRanks: true, data: "d", program: "p")
}

/// A clock that a test moves.
final class Clock {
  var seconds = 0.0
}

/// A validation of two batches.
func validation(step: Int) -> ValidationRecord {
  var loss = MeanLoss()
  loss.add(LossValue(invariance: 10, redundancy: 2000, lambd: 0.01, deadFeatures: 0))
  loss.add(LossValue(invariance: 12.5, redundancy: 3000, lambd: 0.01, deadFeatures: 0))
  return ValidationRecord(step: step, epoch: Double(step) / 50, loss: loss, milliseconds: 1234)
}

extension Callback {
  func runWillStart(_ summary: RunSummary) throws { try runWillStart(summary, RunControl()) }
}
