import Planning
import RunRecord

/// What is known about a run before its first step.
public struct RunSummary: Sendable {
  /// One line each: data, network, loss form, ranks and threads, optimizer, exactness.
  public var lines: [String] = []
  /// What the user should know before the first step: skipped checkpoints, changed options, slow kernels.
  public var remarks: [String] = []
  public var ranks = 1
  public var firstStep = 0
  /// The step after which the run ends; `.max`: none.
  public var lastStep = 0
  public var stepsPerEpoch = 1
  public var batchSize = 1
  public var logEveryNSteps = 1
  public var savesCheckpoints = true
  /// nil where the system does not say what a process has, and in a replay.
  package var memory: MemoryForecast?
  /// Ranks, hosts and kernels, for `launches.jsonl`; nil when nothing is recorded.
  public var launch: LaunchRecord?
  /// On rank 0, where the run returns to an older checkpoint of its own.
  package var goingBack: GoingBack?
  public init() {}
}
