import Configuration
import Diagnostics
import Files
import Layers
import ModelFiles
import Optimization

/// Saves and restores everything that the next step depends on: parameters, running statistics, optimizer moments,
/// step.
///
/// A checkpoint is written during the next steps, from a copy taken at a step's end: one at a time, so the next one
/// waits for it. Ranks other than 0 only restore. A save that fails because of the disk is reported and tried again; it
/// is an error only when that continues for longer than the patience.
package final class CheckpointSaver {
  /// What became of a save.
  package enum Event {
    case saved(step: Int, path: String, milliseconds: Double)
    /// In text for the user; the training continues.
    case failed(String)
  }

  private let model: ModelFile
  private let optimizer: any Optimizer
  /// nil on all ranks but 0.
  private let store: CheckpointStore?
  private let snapshot: CheckpointSnapshot?
  private var current: SavingInBackground?
  private var failures: SaveFailures
  /// Seconds between checkpoints, besides those that the plan asks for.
  private let interval: Double?
  private var lastBegan = monotonicSeconds()
  /// The step of the newest checkpoint that is there or being written.
  private(set) var lastSaved: Int?
  /// Of the longest save so far.
  private var longestSave: Double?

  package init(
    _ state: ParameterSet, _ optimizer: any Optimizer, _ configuration: TrainingConfiguration, store: CheckpointStore?
  ) throws {
    model = try ModelFile(state)
    self.optimizer = optimizer
    self.store = store
    snapshot = try store.map { _ in try CheckpointSnapshot(state, optimizer) }
    failures = SaveFailures(patience: configuration.checkpointPatience)
    interval = configuration.checkpointEveryNMinutes.map { $0 * 60 }
  }

  /// Bytes of a checkpoint.
  var bytes: Int { snapshot?.bytes ?? 0 }

  /// How long a save may take: as the longest one so far, or at 100 MB/s.
  var secondsToSave: Double { longestSave ?? Double(bytes) / 1e8 }

  /// Throws unless a checkpoint has room on the disk; says what the user should know of the room for more.
  package func checkSpace() throws -> [String] { try store?.checkSpace(for: bytes) ?? [] }

  /// Brings the memory for copies into being, so that no step has to wait for that.
  func warmUp() { snapshot?.take() }

  /// Whether a checkpoint of this state is to be written besides those of the plan: it would be one of the best, the
  /// time between two has passed, or one that failed is to be tried again.
  func isDue(_ state: CheckpointState) -> Bool {
    guard let store, state.step != lastSaved else { return false }
    let now = monotonicSeconds()
    if failures.isRetryDue(at: now) { return true }
    if let interval, now - lastBegan >= interval { return true }
    guard state.metrics != nil else { return false }
    // One that is being written counts among the best.
    waitUntilSaved()
    return store.isAmongBest(state)
  }

  /// Begins to write a checkpoint; first waits for the one that is being written. Returns what became of it.
  /// Does nothing in the pause after a save that failed.
  ///
  /// - Parameter prepare: what must have succeeded before, such as bringing metrics to the disk.
  /// - Parameter beforeNaming: called by the thread that writes, when all files are on the disk.
  func begin(
    _ state: CheckpointState, prepare: () throws -> Void, beforeNaming: @escaping @Sendable () throws -> Void
  ) throws -> [Event] {
    guard let store, let snapshot else { return [] }
    waitUntilSaved()
    var events = try collect()
    guard !failures.isPausing(at: monotonicSeconds()) else { return events }
    lastBegan = monotonicSeconds()
    do { try prepare() } catch let failure as Failure where failure.kind == .cannotWrite {
      return events + [try failed(state.step, failure)]
    }
    snapshot.take()
    lastSaved = state.step
    current = SavingInBackground(step: state.step) {
      let tensors = snapshot.tensors(updates: state.updateCount)
      return try store.save(
        state, model: tensors.model, optimizer: tensors.optimizer, beforeNaming: beforeNaming)
    }
    // A save that takes no time need not be reported a step later.
    events += try collect()
    return events
  }

  /// What became of the save that was under way, once it has ended. Throws when saving has failed for too long.
  func collect() throws -> [Event] {
    guard let saving = current, let outcome = saving.outcome else { return [] }
    current = nil
    switch outcome.result {
    case .success(let path):
      failures.saved()
      longestSave = max(longestSave ?? 0, 1e-3 * outcome.milliseconds)
      return [.saved(step: saving.step, path: path, milliseconds: outcome.milliseconds)]
    case .failure(let error):
      lastSaved = nil
      guard let failure = error as? Failure, failure.kind == .cannotWrite else { throw error }
      return [try failed(saving.step, failure)]
    }
  }

  /// Waits for the save that is under way, if any.
  package func waitUntilSaved() { _ = current?.wait() }

  /// Writes the last checkpoint of a run, unless there is one of this step, and waits for it. Any failure is thrown.
  func finish(
    _ state: CheckpointState, prepare: () throws -> Void, beforeNaming: @escaping @Sendable () throws -> Void
  ) throws -> [Event] {
    guard store != nil else { return [] }
    waitUntilSaved()
    var events = try collect()
    guard lastSaved != state.step else { return events }
    failures = SaveFailures(patience: 0)
    events += try begin(state, prepare: prepare, beforeNaming: beforeNaming)
    waitUntilSaved()
    return try events + collect()
  }

  /// The step of the last checkpoint is no longer what its file says: it is to be written again.
  func forgetLastSaved() { lastSaved = nil }

  private func failed(_ step: Int, _ failure: Failure) throws -> Event {
    guard !failures.failed(at: monotonicSeconds()) else {
      var failure = failure
      failure.message = "the checkpoint of step \(step) cannot be saved: " + failure.message
      throw failure
    }
    return .failed(
      "the checkpoint of step \(step) was not saved; the training continues, the next try is in "
        + "\(Int(failures.pause)) s, and after \(Int(failures.patience)) s of this the run ends "
        + "(\(option: "checkpoint-patience"))\n\(failure)")
  }

  /// Reads parameters, statistics and moments from a checkpoint into this rank's arenas.
  package func restore(_ checkpoint: Checkpoint) throws {
    try model.read(checkpoint.modelPath)
    let file = try SafetensorsFile(path: checkpoint.optimizerPath)
    for moment in optimizer.state {
      for entry in model.state.parameters.layout.entries {
        try file.read(
          "\(moment.name).\(entry.name)", into: moment.buffer.pointer + entry.offset, expectedShape: entry.shape)
      }
    }
    lastSaved = checkpoint.step
  }
}
