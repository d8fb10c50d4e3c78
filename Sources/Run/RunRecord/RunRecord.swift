import Diagnostics
import Files

/// What a run leaves on the disk as it goes: launches, metrics and checkpoints, under the lock of its folder.
///
/// Every rank has one; only rank 0's writes, and only where the run has a folder. A program that trains through the
/// library gets it without knowing about it.
///
/// **The one rule of order**: the metrics of all steps up to a checkpoint are on the disk before the checkpoint has its
/// name. So whatever fails, a launch that resumes from a checkpoint finds every step before it recorded. `save` and
/// `finish` keep the rule in two parts: lines that wait in memory are handed to the system before tensors are copied
/// (if the disk does not take them, the checkpoint is tried again later), and the file is brought to the disk before
/// the checkpoint's folder gets its name.
package final class RunRecord {
  private let lock: RunLock?
  private let place: FolderInPlace?
  private var lastLook = -Double.infinity
  private let metrics: MetricsFile?
  private let launches: LaunchFile?
  private let saver: CheckpointSaver

  /// - Parameter folder: nil: nothing is written except the saver's checkpoints, if it has a place for them.
  /// - Parameter lock: that of the folder, on rank 0.
  /// - Parameter place: the folder, if it is to be noticed when it is renamed or removed.
  package init(_ folder: RunFolder?, lock: RunLock?, place: FolderInPlace? = nil, _ saver: CheckpointSaver) {
    metrics = folder.map { MetricsFile(path: $0.metricsPath) }
    launches = folder.map { LaunchFile(path: $0.launchesPath) }
    self.lock = lock
    self.place = place
    self.saver = saver
  }

  /// Opens the metrics to resume after `step`, and then adds the launch: lines of steps that it will do again are first
  /// cut off, and will count as its own.
  ///
  /// - Parameter goingBack: what is to be set aside before; nil: nothing.
  /// - Parameter warn: called with what the user should know and that does not end the run.
  package func begin(
    after step: Int, logEveryNSteps: Int, launch: LaunchRecord?, goingBack: GoingBack? = nil,
    warn: @escaping (String) -> Void
  ) throws {
    if metrics != nil { try goingBack?.carryOut() }
    try metrics?.open(resumingAfter: step, logEveryNSteps: logEveryNSteps, warn: warn)
    if let launch { try launches?.append(launch) }
  }

  /// - Throws: when another launch has taken the folder over, or the folder is no longer where it was.
  package func append(_ record: StepRecord) throws {
    try lock?.check()
    try look()
    try metrics?.append(record)
  }

  package func append(_ record: ValidationRecord) throws { try metrics?.append(record) }

  /// Brings everything to the disk, at the end of a run.
  package func finish() throws { try metrics?.synchronize() }

  /// Looks, at most once a second, whether folder and metrics are still in their places.
  private func look() throws {
    let now = monotonicSeconds()
    guard now - lastLook >= 1 else { return }
    lastLook = now
    try place?.check()
    try metrics?.checkPlace()
  }

  // MARK: Checkpoints

  /// Begins a checkpoint, which is written during the next steps; see `CheckpointSaver.begin`.
  ///
  /// - Parameter prepare: what else must have succeeded before it.
  package func save(_ state: CheckpointState, prepare: () throws -> Void) throws -> [CheckpointSaver.Event] {
    try saver.begin(state, prepare: { try flush(prepare) }, beforeNaming: bringMetricsToDisk)
  }

  /// Writes the last checkpoint of a launch, and waits for it; see `CheckpointSaver.finish`.
  package func saveLast(_ state: CheckpointState, prepare: () throws -> Void) throws -> [CheckpointSaver.Event] {
    try saver.finish(state, prepare: { try flush(prepare) }, beforeNaming: bringMetricsToDisk)
  }

  private func flush(_ prepare: () throws -> Void) throws {
    try place?.check()
    try prepare()
    try metrics?.checkPlace()
    try metrics?.flush()
  }

  /// For the thread that writes a checkpoint.
  private var bringMetricsToDisk: @Sendable () throws -> Void {
    guard let path = metrics?.path else { return {} }
    return { [place] in
      try place?.check()
      try OutputFile.synchronizeIfThere(path)
    }
  }

  /// What became of the checkpoint that was under way, once it has ended.
  package func collect() throws -> [CheckpointSaver.Event] { try saver.collect() }
  package func waitUntilSaved() { saver.waitUntilSaved() }
  package func warmUp() { saver.warmUp() }
  package func isDue(_ state: CheckpointState) -> Bool { saver.isDue(state) }
  package func forgetLastSaved() { saver.forgetLastSaved() }
  package var secondsToSave: Double { saver.secondsToSave }
}
