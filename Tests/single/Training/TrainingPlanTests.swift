import Configuration
import Diagnostics
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

  @Test func theLongerMinimumCounts() throws {
    #expect(try plan { _ in }.earliestStop == 0)
    #expect(try plan { ($0.minEpochs, $0.minSteps) = (2, 17) }.earliestStop == 20)
    #expect(try plan { ($0.minEpochs, $0.minSteps) = (2, 23) }.earliestStop == 23)
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
