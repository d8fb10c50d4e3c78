import Foundation

/// A linear warm-up followed by half a cosine: nidl's `LinearWarmupCosineAnnealingLR` in closed form.
///
/// With t, W (warm-up) and T (whole run) in steps or epochs: `start + t(base−start)/(W−1)` for t < W, then
/// `minimum + ½(base−minimum)(1 + cos(π(t−W)/(T−W)))`, and `minimum` from T on. W = 1 has the start alone; without
/// warm-up the first rate is the base. A warm-up that is longer than the run is cut off by its end.
public struct WarmupCosine: Sendable, Equatable {
  /// Whether the rate changes at every step or stays the same within an epoch.
  public enum Interval: Sendable, Equatable { case step, epoch }

  /// The rate at the end of the warm-up.
  public var base: Double
  public var start: Double
  public var minimum: Double
  /// May be a fraction; W is the nearest number of whole steps, or of whole epochs (halves up).
  public var warmupEpochs: Double
  /// T, rounded likewise.
  public var maxEpochs: Double
  public var interval: Interval

  public init(
    base: Double, start: Double = 1e-6, minimum: Double = 0, warmupEpochs: Double = 10, maxEpochs: Double,
    interval: Interval = .step
  ) {
    self.base = base
    self.start = start
    self.minimum = minimum
    self.warmupEpochs = warmupEpochs
    self.maxEpochs = maxEpochs
    self.interval = interval
  }

  /// The rate of the update that follows `step` earlier ones; `stepsPerEpoch` is at least 1.
  public func learningRate(step: Int, stepsPerEpoch: Int) -> Double {
    let (unit, t) = interval == .step ? (Double(stepsPerEpoch), Double(step)) : (1, Double(step / stepsPerEpoch))
    let warmup = (warmupEpochs * unit).rounded()
    let end = (maxEpochs * unit).rounded()
    if t < warmup && t < end { return start + t * (base - start) / max(1, warmup - 1) }
    if t >= end { return minimum }
    return minimum + 0.5 * (base - minimum) * (1 + cos(.pi * (t - warmup) / (end - warmup)))
  }
}
