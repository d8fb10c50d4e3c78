import Configuration
import TestSupport
import Testing
import Training

@Suite struct TrainingPlanTests {
  /// 105 samples in batches of 10: 10 steps an epoch.
  private func plan(_ change: (inout TrainingConfiguration) -> Void) throws -> TrainingPlan {
    var configuration = TrainingConfiguration()
    (configuration.batchSize, configuration.out) = (10, "run")
    change(&configuration)
    return try TrainingPlan(configuration, shards: 2, samples: 105)
  }

  private func checkpoints(_ plan: TrainingPlan) -> [Int] { (1...plan.lastStep).filter(plan.isCheckpointDue) }

  @Test func aCheckpointAtTheEndOfEachEpoch() throws {
    let plan = try plan { $0.maxEpochs = 3 }
    #expect(plan.lastStep == 30 && plan.batches.stepsPerEpoch == 10 && plan.batches.samplesPerShard == 5)
    #expect(checkpoints(plan) == [10, 20, 30])
    #expect(plan.epoch(after: 0) == 0 && plan.epoch(after: 5) == 0.5 && plan.epoch(after: 30) == 3)
  }

  @Test func everySoManyStepsAndAtTheEnd() throws {
    let plan = try plan { ($0.maxEpochs, $0.checkpointEveryNSteps) = (2, 7) }
    #expect(checkpoints(plan) == [7, 14, 20])
    let every = try self.plan { ($0.maxSteps, $0.checkpointEveryNSteps) = (4, 1) }
    #expect(checkpoints(every) == [1, 2, 3, 4])
    let rare = try self.plan { ($0.maxSteps, $0.checkpointEveryNSteps) = (4, 1000) }
    #expect(checkpoints(rare) == [4])
  }

  @Test func theShorterLengthCounts() throws {
    #expect(try plan { ($0.maxEpochs, $0.maxSteps) = (3, 17) }.lastStep == 17)
    #expect(try plan { ($0.maxEpochs, $0.maxSteps) = (3, 170) }.lastStep == 30)
    #expect(try plan { $0.maxSteps = 5 }.lastStep == 5)
    #expect(checkpoints(try plan { ($0.maxEpochs, $0.maxSteps) = (3, 17) }) == [10, 17])
  }

  @Test func anEpochMayBeLimited() throws {
    let plan = try plan { ($0.maxEpochs, $0.limitTrainBatches) = (3, .count(4)) }
    #expect(plan.lastStep == 12 && plan.batches.samplesLeftOut == 65 && checkpoints(plan) == [4, 8, 12])
    #expect(plan.epoch(after: 6) == 1.5 && plan.batches.epoch(ofStep: 7) == 1)
    // Each epoch takes the first ones of its own order.
    #expect(Set(plan.batches.sampleNumbers(step: 0)) != Set(plan.batches.sampleNumbers(step: 4)))
    #expect(try self.plan { $0.limitTrainBatches = .fraction(0.55) }.batches.stepsPerEpoch == 5)
    #expect(try self.plan { $0.limitTrainBatches = .count(50) }.batches.stepsPerEpoch == 10)
  }

  @Test(arguments: [BatchAmount.none, .fraction(0)]) func aRunWithoutBatchesEndsAtOnce(none: BatchAmount) throws {
    let plan = try plan { ($0.maxEpochs, $0.limitTrainBatches) = (3, none) }
    #expect(plan.lastStep == 0 && plan.batches.stepsPerEpoch == 10 && plan.remarks == [])
  }

  @Test func theLongerMinimumCounts() throws {
    #expect(try plan { _ in }.earliestStop == 0)
    #expect(try plan { ($0.minEpochs, $0.minSteps) = (2, 17) }.earliestStop == 20)
    #expect(try plan { ($0.minEpochs, $0.minSteps) = (2, 23) }.earliestStop == 23)
  }

  /// A replay ends earlier than the run, at the run's rates.
  @Test func aReplayEndsEarlier() throws {
    var configuration = TrainingConfiguration()
    (configuration.batchSize, configuration.maxSteps, configuration.warmupEpochs) = (10, 30, 1)
    let plan = try TrainingPlan(configuration, shards: 2, samples: 105, until: 12)
    #expect(plan.lastStep == 12)
    #expect(try TrainingPlan(configuration, shards: 2, samples: 105, until: 31).lastStep == 30)
    let schedule = plan.configuration.learningRateSchedule
    #expect(schedule == (try self.plan { ($0.maxSteps, $0.warmupEpochs) = (30, 1) }).configuration.learningRateSchedule)
  }

  @Test func aRunThatIsAllWarmupIsRemarkedOn() throws {
    func remarks(_ change: (inout TrainingConfiguration) -> Void) throws -> [String] {
      try plan { configuration in
        configuration.warmupEpochs = 10
        change(&configuration)
      }.remarks
    }
    #expect(
      try remarks { $0.maxEpochs = 10 } == [
        "the warm-up of 10.0 epochs takes the whole run of 100 steps: the learning rate never falls"
      ])
    #expect(try remarks { $0.maxEpochs = 11 } == [])
    #expect(try remarks { ($0.maxEpochs, $0.maxSteps) = (20, 100) }.count == 1)
    #expect(try remarks { ($0.maxEpochs, $0.maxSteps) = (20, 101) } == [])
    #expect(try remarks { ($0.maxSteps, $0.lrInterval) = (100, .epoch) }.count == 1)
    #expect(try remarks { ($0.maxSteps, $0.lrInterval) = (101, .epoch) } == [])
    #expect(try remarks { ($0.maxSteps, $0.warmupEpochs) = (3, 0.25) }.count == 1)
    #expect(try remarks { ($0.maxSteps, $0.warmupEpochs) = (3, 0) } == [])
    #expect(try remarks { ($0.maxEpochs, $0.lrScheduler) = (1, .none) } == [])
  }

  @Test func forEverIsANumberOfEpochs() throws {
    #expect(try plan { $0.maxEpochs = .max }.lastStep == .max)
    #expect(try plan { _ in }.lastStep == .max)
  }

  @Test func batchesThatDoNotFitAreErrors() {
    expectFailure(.usage, "larger than the data set", "105") { _ = try plan { $0.batchSize = 106 } }
    expectFailure(.usage, "equal shards") { _ = try plan { $0.batchSize = 9 } }
  }
}

@Suite struct LearningRateTests {
  /// 10 steps an epoch, as the schedule sees it.
  private func rates(_ change: (inout TrainingConfiguration) -> Void) -> [Double] {
    var configuration = TrainingConfiguration()
    (configuration.learningRate, configuration.warmupStartLr, configuration.minLr) = (0.2, 0.01, 0.002)
    (configuration.warmupEpochs, configuration.maxEpochs, configuration.batchSize) = (1, 3, 2048)
    change(&configuration)
    return (0...40).map { configuration.learningRateSchedule.learningRate(step: $0, stepsPerEpoch: 10) }
  }

  @Test func theBatchScalesTheWholeSchedule() {
    let plain = rates { _ in }
    #expect(plain[0] == 0.01 && plain[10] == 0.2 && plain[30] == 0.002)
    #expect(rates { $0.scaleLearningRate = .linear } == plain.map { $0 * 8 })
    let root = rates { $0.scaleLearningRate = .sqrt }
    #expect(zip(root, plain).allSatisfy { abs($0 / $1 - 8.0.squareRoot()) < 1e-12 })
    #expect(rates { ($0.scaleLearningRate, $0.lrScheduler) = (.linear, .none) } == plain.map { _ in 1.6 })
    #expect(rates { ($0.scaleLearningRate, $0.batchSize) = (.linear, 256) } == plain)
  }

  @Test func theCosineEndsAtTheStepsWhereThereAreNoEpochs() {
    let steps = rates { ($0.maxEpochs, $0.maxSteps) = (nil, 30) }
    #expect(steps == rates { _ in })
    // With both it ends at the epochs; the run may end before.
    #expect(rates { $0.maxSteps = 15 } == steps)
    #expect(rates { $0.maxSteps = 100 } == steps)
    let odd = rates { ($0.maxEpochs, $0.maxSteps) = (nil, 25) }
    #expect(odd[24] > 0.002 && odd[25...].allSatisfy { $0 == 0.002 })
  }
}

@Suite struct RunStartTests {
  @Test func aNewRunHasAsManyShardsAsRanks() {
    for ranks in 1...5 {
      #expect(RunStart.shards(nil, before: nil, ranks: ranks) == ranks)
      #expect(RunStart.shards(8, before: nil, ranks: ranks) == 8)
    }
  }

  /// The shards of the run stay where the ranks divide them; otherwise the smallest multiple that both divide.
  @Test func aResumedRunKeepsItsShards() {
    for before in 1...16 {
      for ranks in 1...16 {
        let shards = RunStart.shards(nil, before: before, ranks: ranks)
        let expected = (1...256).first { $0 % before == 0 && $0 % ranks == 0 }
        #expect(shards == expected)
        if before % ranks == 0 { #expect(shards == before) }
        #expect(RunStart.shards(before, before: before, ranks: ranks) == shards)
      }
    }
    // More ranks than shards, both powers of two: as many shards as ranks.
    #expect(RunStart.shards(nil, before: 2, ranks: 8) == 8)
  }
}
