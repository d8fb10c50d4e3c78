/// One optimizer step, as `metrics.jsonl` stores it.
public struct StepRecord: Sendable {
  /// 1 for the first step.
  public var step = 0
  /// Epochs completed after this step; a fraction within an epoch.
  public var epoch = 0.0
  public var loss = 0.0
  /// Σᵢ (1 − Cᵢᵢ)²
  public var lossInvariance = 0.0
  /// Σᵢ Σⱼ≠ᵢ Cᵢⱼ², without λ.
  public var lossRedundancy = 0.0
  /// The value below which the loss cannot fall (0 when the batch is larger than the embedding).
  public var lossFloor = 0.0
  /// The loss of the run's first step.
  public var lossStart = 0.0
  public var learningRate = 0.0
  /// ‖gradient‖₂ over all parameters, before clipping.
  public var gradNorm = 0.0
  /// Embedding columns that are constant over the batch.
  public var deadFeatures = 0
  public var stepMs = 0.0
  public var samplesPerSecond = 0.0
  /// Time that rank 0 waited for its loader.
  public var dataWaitMs = 0.0
  /// Time of rank 0 that communication took: waiting for other ranks, and moving messages alongside the step.
  public var commWaitMs = 0.0
  /// Time that the step waited for the checkpoint before it: for the copy, and for one that was still being written.
  public var checkpointMs = 0.0
  /// Times of rank 0's own work, without communication.
  public var phases = PhaseTimes()
  /// What was done about a step whose loss or gradient was not finite; nil for the others.
  public var badStep: BadStepOutcome?
  public init() {}

  /// What a replay of the step repeats to the bit, under the keys of `metrics.jsonl`.
  public var exactNumbers: [(key: String, value: Double)] {
    [
      ("loss", loss), ("loss_invariance", lossInvariance), ("loss_redundancy", lossRedundancy), ("lr", learningRate),
      ("grad_norm", gradNorm),
    ]
  }

  /// How far the loss has come from its start (0) to its floor (1).
  public var progress: Double {
    lossStart > lossFloor ? max(0, min(1, (lossStart - loss) / (lossStart - lossFloor))) : 0
  }
}
