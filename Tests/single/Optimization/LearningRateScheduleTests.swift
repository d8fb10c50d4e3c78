import Foundation
import Optimization
import TestSupport
import Testing

@Suite struct LearningRateScheduleTests {
  private struct Case: Decodable {
    var stepsPerEpoch: Int
    var maxEpochs, warmupEpochs, learningRate, warmupStartLr, minLr: Double
    var interval: String
    var lr: [Double]
  }

  @Test func agreesWithNidl() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("schedules.json")))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    for fixture in try decoder.decode([Case].self, from: data) {
      let schedule = LearningRateSchedule.warmupCosine(
        WarmupCosine(
          base: fixture.learningRate, start: fixture.warmupStartLr, minimum: fixture.minLr,
          warmupEpochs: fixture.warmupEpochs, maxEpochs: fixture.maxEpochs,
          interval: fixture.interval == "step" ? .step : .epoch))
      for (t, expected) in fixture.lr.enumerated() {
        // The fixture has one rate a step, or one an epoch: then every step of the epoch has it.
        let steps =
          fixture.interval == "step" ? [t] : [0, fixture.stepsPerEpoch - 1].map { $0 + t * fixture.stepsPerEpoch }
        for step in steps {
          let found = schedule.learningRate(step: step, stepsPerEpoch: fixture.stepsPerEpoch)
          #expect(abs(found - expected) <= 1e-12 * fixture.learningRate, "step \(step): \(found), not \(expected)")
        }
      }
    }
  }

  @Test func constantStays() {
    #expect(LearningRateSchedule.constant(0.1).learningRate(step: 12345, stepsPerEpoch: 7) == 0.1)
  }

  @Test func afterTheEndTheMinimumStays() {
    let schedule = WarmupCosine(base: 1, minimum: 0.25, warmupEpochs: 1, maxEpochs: 3)
    for step in [30, 31, 1000] { #expect(schedule.learningRate(step: step, stepsPerEpoch: 10) == 0.25) }
  }

  @Test func oneStepOfWarmupIsTheStart() {
    let schedule = WarmupCosine(base: 1, start: 0.5, warmupEpochs: 1, maxEpochs: 3)
    #expect(schedule.learningRate(step: 0, stepsPerEpoch: 1) == 0.5)
    #expect(schedule.learningRate(step: 1, stepsPerEpoch: 1) == 1)
  }

  @Test func withoutWarmupTheBaseIsFirst() {
    #expect(WarmupCosine(base: 1, warmupEpochs: 0, maxEpochs: 3).learningRate(step: 0, stepsPerEpoch: 10) == 1)
  }

  @Test func fractionsOfAnEpochAreWholeSteps() {
    // 0.25 · 10 steps are 3: two thirds of the way up would be 2.5 − 1.
    let schedule = WarmupCosine(base: 1, start: 0, warmupEpochs: 0.25, maxEpochs: 3)
    #expect([0, 1, 2, 3].map { schedule.learningRate(step: $0, stepsPerEpoch: 10) } == [0, 0.5, 1, 1])
  }

  @Test(arguments: [3.0, 5.0]) func aWarmupAsLongAsTheRunDividesByNothing(warmup: Double) {
    let schedule = WarmupCosine(base: 1, start: 0, minimum: 0.125, warmupEpochs: warmup, maxEpochs: 3)
    for step in 0..<40 {
      let rate = schedule.learningRate(step: step, stepsPerEpoch: 10)
      #expect(rate >= 0 && rate <= 1)
      if step >= 30 { #expect(rate == 0.125) }
    }
  }
}
