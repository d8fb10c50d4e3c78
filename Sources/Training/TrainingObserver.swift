/// What is known of a run before its first step.
public struct RunSummary: Sendable {
  /// One line each: data, network, loss form, ranks and threads, optimizer, exactness.
  public var lines: [String] = []
  /// What the user should know before the first step: skipped checkpoints, changed options, slow kernels.
  public var remarks: [String] = []
  public var ranks = 1
  public var firstStep = 0
  /// The step after which the run ends.
  public var lastStep = 0
  public var stepsPerEpoch = 1
  public var batchSize = 1
  /// Ranks, hosts and kernels, for `launches.jsonl`; nil when nothing is recorded.
  public var launch: LaunchRecord?
  public init() {}
}

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
  /// Time of rank 0 that communication took: waiting for other ranks, and moving messages beside the step.
  public var commWaitMs = 0.0
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

public enum RunEnd: Sendable, Equatable {
  case finished
  /// The name of the signal, such as `SIGUSR1`.
  case interrupted(String)
}

/// Told about a run as it goes; called on rank 0's main thread only. Throwing ends the run on all ranks.
public protocol TrainingObserver: AnyObject {
  func runWillStart(_ summary: RunSummary) throws
  func stepDidEnd(_ record: StepRecord) throws
  func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws
  /// Something that the user should know and that does not end the run.
  func warn(_ message: String)
  func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws
}
