/// The learning rate as a function of the step alone, so that a resumed run and any number of ranks see the same.
public enum LearningRateSchedule: Sendable, Equatable {
  /// `none`: the same rate at every step.
  case constant(Double)
  case warmupCosine(WarmupCosine)

  /// The schedules, by name.
  public enum Kind: String, Sendable, CaseIterable {
    case warmupCosine = "warmup_cosine"
    case none
  }

  /// The rate of the update that follows `step` earlier ones: 0 for the first step of a run.
  public func learningRate(step: Int, stepsPerEpoch: Int) -> Double {
    switch self {
    case .constant(let rate): rate
    case .warmupCosine(let schedule): schedule.learningRate(step: step, stepsPerEpoch: stepsPerEpoch)
    }
  }

  /// Whether the update that follows `step` earlier ones belongs to a warm-up.
  public func isWarmup(step: Int, stepsPerEpoch: Int) -> Bool {
    switch self {
    case .constant: false
    case .warmupCosine(let schedule): schedule.isWarmup(step: step, stepsPerEpoch: stepsPerEpoch)
    }
  }
}
