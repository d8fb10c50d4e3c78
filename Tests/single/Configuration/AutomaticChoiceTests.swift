import Configuration
import Diagnostics
import TestSupport
import Testing
import Training

/// `auto`: nidl's values where the data allow, else what the data set holds.
@Suite(.commandLine) struct AutomaticChoiceTests {
  private func plan(
    _ samples: Int, validation: Int? = nil, shards: Int = 1, _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> TrainingPlan {
    var configuration = TrainingConfiguration()
    configuration.maxEpochs = 1000
    change(&configuration)
    return try TrainingPlan(configuration, shards: shards, samples: samples, validationSamples: validation)
  }

  @Test(arguments: [
    (60000, 1, 256), (256, 1, 256), (255, 1, 128), (60, 1, 32), (60, 4, 32), (4, 4, 4), (4, 1, 4), (7, 3, 6),
    (60, 3, 48), (60000, 3, 192), (60000, 512, 512), (60000, 300, 300),
  ])
  func theLargestBatchThatTheDataFill(samples: Int, shards: Int, expected: Int) throws {
    let plan = try plan(samples, shards: shards)
    #expect(plan.configuration.batchSize == expected && plan.batches.batchSize == expected)
    #expect(plan.configuration.shards == shards)
    #expect(plan.choices.map(\.option) == ["batch-size", "warmup-epochs"])
  }

  @Test func theSummarySaysWhy() throws {
    func reason(_ plan: TrainingPlan) -> String? { plan.choices.first?.description }
    #expect(try reason(plan(60000)) == "--batch-size 256 (nidl's)")
    #expect(try reason(plan(60)) == "--batch-size 32 (the largest power of two in 60 samples)")
    #expect(
      try reason(plan(60, validation: 20)) == "--batch-size 16 (the largest power of two in 20 validation samples)")
    #expect(try reason(plan(60000, shards: 3)) == "--batch-size 192 (the largest power of two a shard in nidl's 256)")
    #expect(try plan(60) { ($0.batchSize, $0.warmupEpochs) = (20, 1) }.choices == [])
  }

  @Test func dataThatAreTooSmallAreErrors() {
    expectFailure(.data, "--data: there are too few samples", "found:    3") { _ = try plan(3) }
    expectFailure(.data, "--val-data: there are too few samples") { _ = try plan(60, validation: 3) }
    expectFailure(.usage, "fewer samples than shards", "start fewer ranks") { _ = try plan(60, shards: 64) }
    expectFailure(.usage, "fewer samples than shards", "a smaller --shards") {
      _ = try plan(60, shards: 64) { $0.shards = 64 }
    }
  }

  /// Ten epochs as nidl has it, wherever the cosine spans more; else a tenth of what it spans.
  @Test func theWarmupIsNidlsWhereTheRunIsLonger() throws {
    func warmup(_ change: (inout TrainingConfiguration) -> Void) throws -> Double? {
      try plan(60, change).configuration.warmupEpochs
    }
    #expect(try warmup { $0.maxEpochs = 1000 } == 10)
    #expect(try warmup { $0.maxEpochs = 100 } == 10)
    #expect(try warmup { $0.maxEpochs = 11 } == 10)
    #expect(try warmup { $0.maxEpochs = 10 } == 1)
    #expect(try warmup { $0.maxEpochs = 5 } == 0.5)
    // One step an epoch.
    #expect(try warmup { ($0.maxEpochs, $0.maxSteps) = (nil, 30) } == 10)
    #expect(try warmup { ($0.maxEpochs, $0.maxSteps) = (nil, 5) } == 0.5)
    #expect(try warmup { ($0.maxEpochs, $0.maxSteps) = (20, 3) } == 10)
    #expect(try warmup { ($0.maxEpochs, $0.warmupEpochs) = (5, 3) } == 3)
    #expect(try warmup { $0.lrScheduler = .none } == nil)
    #expect(try plan(60) { $0.maxEpochs = 5 }.remarks == [])
  }

  /// `auto` is a value that files and `--print-config` have.
  @Test func autoIsAValue() throws {
    let open = try parseTrain(["--out", "a", "--batch-size", "auto", "--warmup-epochs", "auto"])
    #expect(open.options.batchSize == nil && open.options.warmupEpochs == nil)
    #expect(open.options.json.contains(#""batch-size": "auto""#))
    #expect(try TrainingConfiguration(json: open.options.json) == open.options)
    #expect(try TrainingConfiguration(json: #"{"batch-size": null}"#).batchSize == nil)
    #expect(try TrainingConfiguration(json: #"{"batch-size": 64}"#).batchSize == 64)
  }

  /// What the first start chose holds for later ones, unless they ask for something else.
  @Test func aRunKeepsItsChoices() throws {
    var saved = try plan(60) { $0.maxEpochs = 5 }.configuration
    saved.augment = "noise=0.25"
    var new = TrainingConfiguration()
    new.maxEpochs = 50
    #expect(try new.checkResume(of: saved, path: "").map(\.option) == ["max-epochs"])
    new.takeChoices(of: saved)
    #expect(new.batchSize == 32 && new.warmupEpochs == 0.5 && new.augment == "noise=0.25")
    #expect(try TrainingPlan(new, shards: 1, samples: 6000).choices == [])
    for change in [{ $0.batchSize = 16 }, { $0.warmupEpochs = 1 }, { $0.augment = "none" }]
      as [(inout TrainingConfiguration) -> Void]
    {
      var other = saved
      change(&other)
      #expect(throws: Failure.self) { try other.checkResume(of: saved, path: "") }
    }
  }
}
