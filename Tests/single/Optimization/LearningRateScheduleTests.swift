import Foundation
import Optimization
import TestSupport
import Testing

@Suite struct LearningRateScheduleTests {
  private struct Case: Decodable {
    var stepsPerEpoch: Int
    var maxEpochs: Int
    var warmupEpochs, learningRate, warmupStartLr, minLr: Double
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
          warmupEpochs: fixture.warmupEpochs, length: .epochs(fixture.maxEpochs),
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

  /// The rates of nidl's scheduler as it gets them, each from the one before; W and T may be fractions there.
  private func nidlsRates(_ schedule: WarmupCosine, warmup: Double, end: Double, count: Int) -> [Double] {
    var rates: [Double] = []
    for t in 0..<count {
      let (time, previous) = (Double(t), rates.last ?? 0)
      if t == 0 {
        rates.append(schedule.start)
      } else if time < warmup {
        rates.append(previous + (schedule.base - schedule.start) / (warmup - 1))
      } else if time == warmup {
        rates.append(schedule.base)
      } else if (time - 1 - end).truncatingRemainder(dividingBy: 2 * (end - warmup)) == 0 {
        rates.append(previous + (schedule.base - schedule.minimum) * (1 - cos(.pi / (end - warmup))) / 2)
      } else {
        let ratio =
          (1 + cos(.pi * (time - warmup) / (end - warmup))) / (1 + cos(.pi * (time - warmup - 1) / (end - warmup)))
        rates.append(ratio * (previous - schedule.minimum) + schedule.minimum)
      }
    }
    return rates
  }

  static let oddLengths:
    [(epochs: Double, length: WarmupCosine.Length, interval: WarmupCosine.Interval, w: Double, t: Double)] = [
      (2.5, .epochs(7), .step, 8, 21), (2, .epochs(7), .step, 6, 21), (2.5, .epochs(7), .epoch, 3, 7),
      (2.5, .steps(20), .step, 8, 20), (1, .steps(11), .step, 3, 11), (2, .steps(20), .epoch, 2, 7),
      (2.5, .steps(16), .epoch, 3, 6),
    ]

  /// 7 epochs of 3 steps, and lengths that end within an epoch: nidl's formulas at W and T rounded to whole numbers.
  @Test(arguments: oddLengths)
  func oddLengthsAgreeWithNidlsFormulas(
    _ odd: (epochs: Double, length: WarmupCosine.Length, interval: WarmupCosine.Interval, w: Double, t: Double)
  ) {
    let schedule = WarmupCosine(
      base: 0.2, start: 1e-3, minimum: 1e-4, warmupEpochs: odd.epochs, length: odd.length, interval: odd.interval)
    let expected = nidlsRates(schedule, warmup: odd.w, end: odd.t, count: Int(odd.t))
    let stepsPerTime = odd.interval == .step ? 1 : 3
    let rates = (0..<40 * stepsPerTime).map { schedule.learningRate(step: $0, stepsPerEpoch: 3) }
    for (step, rate) in rates.enumerated() {
      let time = step / stepsPerTime
      // After the end nidl's rate would climb again.
      let wanted = time < expected.count ? expected[time] : schedule.minimum
      #expect(abs(rate - wanted) < 1e-12 * schedule.base, "step \(step): \(rate), not \(wanted)")
      #expect(schedule.isWarmup(step: step, stepsPerEpoch: 3) == (Double(time) < odd.w))
    }
    #expect(rates.max()! < schedule.base * (1 + 1e-12))
    let falling = rates[(Int(odd.w) * stepsPerTime)...]
    #expect(zip(falling, falling.dropFirst()).allSatisfy { $0 >= $1 })
  }

  /// Why W is rounded: at 2.5 epochs of 3 steps nidl's own rate passes the base.
  @Test func nidlsWarmupPassesTheBaseAtFractions() {
    let schedule = WarmupCosine(base: 0.2, start: 1e-3, warmupEpochs: 2.5, length: .epochs(7))
    #expect(nidlsRates(schedule, warmup: 7.5, end: 21, count: 21).max()! > 1.07 * schedule.base)
    #expect((0..<21).allSatisfy { schedule.learningRate(step: $0, stepsPerEpoch: 3) < schedule.base * (1 + 1e-12) })
  }

  @Test func constantStays() {
    #expect(LearningRateSchedule.constant(0.1).learningRate(step: 12345, stepsPerEpoch: 7) == 0.1)
  }

  @Test func afterTheEndTheMinimumStays() {
    let schedule = WarmupCosine(base: 1, minimum: 0.25, warmupEpochs: 1, length: .epochs(3))
    for step in [30, 31, 1000] { #expect(schedule.learningRate(step: step, stepsPerEpoch: 10) == 0.25) }
  }

  @Test func oneStepOfWarmupIsTheStart() {
    let schedule = WarmupCosine(base: 1, start: 0.5, warmupEpochs: 1, length: .epochs(3))
    #expect(schedule.learningRate(step: 0, stepsPerEpoch: 1) == 0.5)
    #expect(schedule.learningRate(step: 1, stepsPerEpoch: 1) == 1)
  }

  @Test func withoutWarmupTheBaseIsFirst() {
    #expect(WarmupCosine(base: 1, warmupEpochs: 0, length: .epochs(3)).learningRate(step: 0, stepsPerEpoch: 10) == 1)
  }

  @Test func fractionsOfAnEpochAreWholeSteps() {
    // 0.25 · 10 steps are 3: two thirds of the way up would be 2.5 − 1.
    let schedule = WarmupCosine(base: 1, start: 0, warmupEpochs: 0.25, length: .epochs(3))
    #expect([0, 1, 2, 3].map { schedule.learningRate(step: $0, stepsPerEpoch: 10) } == [0, 0.5, 1, 1])
  }

  @Test(arguments: [3.0, 5.0]) func aWarmupAsLongAsTheRunDividesByNothing(warmup: Double) {
    let schedule = WarmupCosine(base: 1, start: 0, minimum: 0.125, warmupEpochs: warmup, length: .epochs(3))
    for step in 0..<40 {
      let rate = schedule.learningRate(step: step, stepsPerEpoch: 10)
      #expect(rate >= 0 && rate <= 1)
      if step >= 30 { #expect(rate == 0.125) }
    }
  }
}
