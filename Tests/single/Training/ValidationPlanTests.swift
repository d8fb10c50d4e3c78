import Configuration
import Diagnostics
import Optimization
import TestSupport
import Testing
import Training

/// When Lightning validates: what its `_should_check_val_fx` says of each batch.
@Suite(.commandLine) struct ValidationPlanTests {
  /// 105 samples in batches of 10: 10 steps an epoch; 34 to validate on.
  private func plan(
    validationSamples: Int = 34, _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) throws -> TrainingPlan {
    var configuration = TrainingConfiguration()
    (configuration.batchSize, configuration.out, configuration.maxEpochs) = (10, "run", 3)
    change(&configuration)
    return try TrainingPlan(configuration, shards: 2, samples: 105, validationSamples: validationSamples)
  }

  private func steps(_ change: (inout TrainingConfiguration) -> Void) throws -> [Int] {
    let plan = try #require(try plan(change).validation)
    return (1...30).filter(plan.isDue)
  }

  @Test func intervals() throws {
    #expect(try steps { _ in } == [10, 20, 30])
    #expect(try steps { $0.checkValEveryNEpoch = 2 } == [20])
    #expect(try steps { $0.valCheckInterval = .fraction(0.5) } == [5, 10, 15, 20, 25, 30])
    #expect(try steps { $0.valCheckInterval = .fraction(0.35) } == [3, 6, 9, 13, 16, 19, 23, 26, 29])
    #expect(try steps { $0.valCheckInterval = .fraction(0.01) } == Array(1...30))
    #expect(try steps { $0.valCheckInterval = .count(4) } == [4, 8, 14, 18, 24, 28])
    #expect(try steps { $0.valCheckInterval = .count(10) } == [10, 20, 30])
    #expect(try steps { ($0.valCheckInterval, $0.checkValEveryNEpoch) = (.count(4), 3) } == [24, 28])
    #expect(
      try steps { ($0.valCheckInterval, $0.checkValEveryNEpoch) = (.count(4), nil) } == [4, 8, 12, 16, 20, 24, 28])
    #expect(try steps { ($0.valCheckInterval, $0.checkValEveryNEpoch) = (.count(12), nil) } == [12, 24])
    // An epoch of 4 batches.
    #expect(
      try steps { ($0.limitTrainBatches, $0.valCheckInterval) = (.count(4), .fraction(0.5)) } == (1...15).map { 2 * $0 }
    )
  }

  @Test func onlyWholeBatchesInTheirOrder() throws {
    let batches = try #require(try plan().validation?.batches)
    #expect(batches.stepsPerEpoch == 3 && batches.samplesLeftOut == 4 && batches.shards == 2)
    #expect((0..<3).flatMap(batches.sampleNumbers) == Array(0..<30))
    #expect(try plan { $0.limitValBatches = .count(2) }.validation?.batches.stepsPerEpoch == 2)
    #expect(try plan { $0.limitValBatches = .fraction(0.4) }.validation?.batches.stepsPerEpoch == 1)
    #expect(try plan(validationSamples: 10).validation?.batches.samplesLeftOut == 0)
  }

  /// As in Lightning, 0 batches are no validation, whatever the data.
  @Test(arguments: [BatchAmount.none, .fraction(0)]) func withoutBatchesThereIsNone(none: BatchAmount) throws {
    #expect(try plan(validationSamples: 3) { $0.limitValBatches = none }.validation == nil)
    var configuration = TrainingConfiguration()
    (configuration.valData, configuration.limitValBatches, configuration.out) = ("npy:v.npy", none, "run")
    configuration.fillInDefaults()
    #expect(configuration.validationSpec == nil && fault(configuration) == nil)
    configuration.earlyStopping = .valLoss
    #expect(fault(configuration)?.expected == "--limit-val-batches above 0")
    configuration.limitValBatches = .count(1)
    #expect(configuration.validationSpec == "npy:v.npy" && fault(configuration) == nil)
  }

  private func fault(_ configuration: TrainingConfiguration) -> Failure? {
    do throws(Failure) { try configuration.validate() } catch { return error }
    return nil
  }

  @Test func whatCannotBe() throws {
    expectFailure(.usage, "do not fill one batch", "--val-data", "at least 10", "9") {
      _ = try plan(validationSamples: 9)
    }
    expectFailure(.usage, "--val-check-interval", "at most 10", "11", "--check-val-every-n-epoch none") {
      _ = try plan { $0.valCheckInterval = .count(11) }
    }
    expectFailure(.usage, "--limit-val-batches", "less than one batch") {
      _ = try plan { $0.limitValBatches = .fraction(0.3) }
    }
    expectFailure(.usage, "--limit-train-batches", "less than one batch", "one of 10 batches", "found:    0.09") {
      _ = try plan { $0.limitTrainBatches = .fraction(0.09) }
    }
  }
}
