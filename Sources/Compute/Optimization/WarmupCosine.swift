import Foundation

/// A linear warm-up followed by half a cosine: nidl's `LinearWarmupCosineAnnealingLR` in closed form.
///
/// With t, W (warm-up) and T (whole run) in steps or epochs: `start + t(base−start)/(W−1)` for t < W, then
/// `minimum + ½(base−minimum)(1 + cos(π(t−W)/(T−W)))`, and `minimum` from T on, where nidl's rate climbs again. W = 1
/// has the start alone; without warm-up the first rate is the base. A warm-up that is longer than the run is cut off by
/// its end. W and T are whole numbers: nidl's may be fractions, and then its warm-up passes the base rate.
public struct WarmupCosine: Sendable, Equatable {
  /// Whether the rate changes at every step or stays the same within an epoch.
  public enum Interval: String, Sendable, CaseIterable { case step, epoch }

  /// T. Steps that do not fill an epoch are one epoch of the interval `epoch`.
  public enum Length: Sendable, Equatable {
    case epochs(Int)
    case steps(Int)
  }

  /// The rate at the end of the warm-up.
  public var base: Double
  public var start: Double
  public var minimum: Double
  /// May be a fraction; W is the nearest number of whole steps, or of whole epochs (halves up).
  public var warmupEpochs: Double
  public var length: Length
  public var interval: Interval

  public init(
    base: Double, start: Double = 1e-6, minimum: Double = 0, warmupEpochs: Double = 10, length: Length,
    interval: Interval = .step
  ) {
    self.base = base
    self.start = start
    self.minimum = minimum
    self.warmupEpochs = warmupEpochs
    self.length = length
    self.interval = interval
  }

  /// The rate of the update that follows `step` earlier ones; `stepsPerEpoch` is at least 1.
  public func learningRate(step: Int, stepsPerEpoch: Int) -> Double {
    let t = time(step: step, stepsPerEpoch: stepsPerEpoch)
    let (warmup, end) = (warmup(stepsPerEpoch: stepsPerEpoch), end(stepsPerEpoch: stepsPerEpoch))
    if t >= end { return minimum }
    if t < warmup { return start + t * (base - start) / max(1, warmup - 1) }
    return minimum + 0.5 * (base - minimum) * (1 + cos(.pi * (t - warmup) / (end - warmup)))
  }

  /// Whether the update that follows `step` earlier ones belongs to the warm-up.
  public func isWarmup(step: Int, stepsPerEpoch: Int) -> Bool {
    time(step: step, stepsPerEpoch: stepsPerEpoch) < warmup(stepsPerEpoch: stepsPerEpoch)
  }

  /// t
  private func time(step: Int, stepsPerEpoch: Int) -> Double {
    Double(interval == .step ? step : step / stepsPerEpoch)
  }

  /// W
  private func warmup(stepsPerEpoch: Int) -> Double {
    (warmupEpochs * (interval == .step ? Double(stepsPerEpoch) : 1)).rounded()
  }

  /// T
  private func end(stepsPerEpoch: Int) -> Double {
    switch (length, interval) {
    case (.epochs(let epochs), .step): Double(epochs) * Double(stepsPerEpoch)
    case (.epochs(let epochs), .epoch): Double(epochs)
    case (.steps(let steps), .step): Double(steps)
    case (.steps(let steps), .epoch): (Double(steps) / Double(stepsPerEpoch)).rounded(.up)
    }
  }
}
