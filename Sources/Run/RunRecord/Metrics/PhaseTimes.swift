/// Milliseconds of a rank's own work in the phases of a step: communication within them is counted separately.
public struct PhaseTimes: Sendable, Equatable {
  /// Of encoder and projector over both views.
  public var forwardMs = 0.0
  /// Standardisation, loss, and their gradient.
  public var lossMs = 0.0
  public var backwardMs = 0.0
  /// The gradient's norm, clipping and the update.
  public var optimizerMs = 0.0
  public init() {}
}
