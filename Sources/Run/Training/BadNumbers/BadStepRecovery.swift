import DataParallel
import Diagnostics
import Layers
import MPI
import Optimization
import RunRecord

/// Does what is to be done about a step whose loss or gradient is not finite. All ranks do it together.
///
/// After such a step parameters and moments are as before it, and so are the running statistics (`GlobalStep`).
/// `stop` ends the run, `skip` leaves it at that (as PyTorch's `GradScaler` does), `rollback` takes everything from the
/// last checkpoint and continues after the batch (Chowdhery et al. 2022, PaLM, section 5.1). All are functions of the
/// run alone: a run that was interrupted and resumed does the same.
final class BadStepRecovery {
  /// This many bad steps without a good one between them end a run.
  static let limit = 10

  private let rule: BadStepRule
  private let plan: TrainingPlan
  private let communicator: Communicator
  private let state: ParameterSet
  private let optimizer: any Optimizer
  private let saver: CheckpointSaver
  private let finder: BadBatchFinder

  init(_ parts: TrainingParts) {
    rule = parts.badStepRule
    plan = parts.plan
    communicator = parts.communicator
    saver = parts.saver
    state = parts.network.state
    optimizer = parts.optimizer
    finder = BadBatchFinder(parts)
  }

  /// Afterwards the arenas are those that the next step starts from, and the optimizer's count is theirs. A collective.
  ///
  /// - Parameter run: where the run is before the bad step.
  /// - Parameter save: writes a checkpoint of that, unless there is one, and waits for it; called on rank 0.
  /// - Throws: on all ranks, a failure of kind `.data`, where the run is to end.
  func recover(
    _ outcome: GlobalStep.Outcome, _ bad: BadNumber, _ run: CheckpointState, warn: (String) -> Void,
    save: () throws -> Void
  ) throws -> BadStepOutcome {
    let batch = try finder.describe(outcome, bad, step: run.step)
    let inARow = (run.badStepsInARow ?? 0) + 1
    if inARow >= Self.limit && !rule.isReplay {
      try stop(batch, ", for the \(inARow)th step in a row", save)
    }
    switch rule.action(step: batch.step) {
    case .stop: try stop(batch, "", save)
    case .skip:
      try note(batch, "the update is left out", warn)
      return .skipped
    case .rollBack(let wanted):
      let target: Int
      switch try rollBack(to: wanted, before: batch.step) {
      case .success(let step): target = step
      case .failure(let reason): try stop(batch, ", and \(reason.message)", save)
      }
      try note(batch, "the run resumes from the checkpoint of step \(target), with the batch after this one", warn)
      return .rolledBack(to: target)
    }
  }

  /// Reads the checkpoint to return to on rank 0 and shares it out. Without one nothing has changed.
  private func rollBack(to wanted: Int?, before step: Int) throws -> Result<Int, Failure> {
    var (target, problem): (Checkpoint?, Failure?) = (nil, nil)
    try communicator.onRoot {
      saver.waitUntilSaved()
      do { target = try findTarget(wanted, before: step) } catch let failure as Failure { problem = failure }
    }
    let text = try communicator.broadcast(problem?.message ?? "")
    guard text.isEmpty else { return .failure(problem ?? Failure(.data, text)) }
    try communicator.onRoot { if let target { try saver.restore(target) } }
    try communicator.broadcast(state, optimizer)
    var numbers = [Int64(target?.step ?? 0), Int64(target?.state.updateCount ?? 0)]
    try communicator.broadcast(&numbers, count: 2)
    optimizer.stepCount = Int(numbers[1])
    return .success(Int(numbers[0]))
  }

  private func findTarget(_ wanted: Int?, before step: Int) throws -> Checkpoint {
    guard let store = rule.store else { throw Failure(.data, "a run without a folder has no checkpoint to return to") }
    let name =
      wanted.map(CheckpointName.init(step:))
      ?? plan.checkpointInterval.flatMap { store.rollbackTarget(upTo: step - 1, interval: $0) }
    guard let name, store.names().contains(name) else {
      let which = wanted.map { "the checkpoint of step \($0), to which the run returned, is no longer there" }
      throw Failure(.data, which ?? "there is no checkpoint of the schedule to return to")
    }
    do { return try Checkpoint(verifying: store.path(name)) } catch {
      throw Failure(.data, "the checkpoint to return to is not whole (\(error))")
    }
  }

  /// Writes the file and tells the user. A disk that does not take it is no reason to end the run.
  private func note(_ batch: BadBatch, _ what: String, _ warn: (String) -> Void) throws {
    guard communicator.rank == 0 else { return }
    let text = "\(batch.place): \(batch.notFinite.sentence): \(what)\n  \(batch.findings)"
    if rule.isReplay { return warn(text) }
    do {
      let path = try write(batch)
      warn(text + (path.map { "\n  \(command: "replay", option: "bad-batch", $0) does the step again" } ?? ""))
    } catch { warn("\(text)\n  the file of the batch was not written: \(error)") }
  }

  /// Returns its path; nil for a run without a folder.
  private func write(_ batch: BadBatch) throws -> String? {
    guard !batch.runFolder.isEmpty else { return nil }
    var batch = batch
    let newest = rule.store?.names(upTo: batch.step - 1).last
    batch.checkpoint = newest.map { "checkpoints/\($0)" }
    return try batch.write(into: RunFolder(plan.configuration.out).badBatchesPath)
  }
}

extension BadStepRecovery {
  /// Ends the run, or a replay, on all ranks with one message.
  private func stop(_ batch: BadBatch, _ reason: String, _ save: () throws -> Void) throws -> Never {
    try communicator.onRoot {
      throw AgreedFailure(rule.isReplay ? replayed(batch, reason) : stopped(batch, reason, save))
    }
    throw Failure(.defect, "rank 0 did not end the run", at: batch.place)
  }

  private func stopped(_ batch: BadBatch, _ reason: String, _ save: () throws -> Void) -> Failure {
    var notes = [batch.findings]
    if ([state.parameters.values] + optimizer.state.map(\.buffer)).allSatisfy(\.areFinite) {
      do { try save() } catch { notes.append("no checkpoint was saved: \(error)") }
    } else {
      notes.append("no checkpoint was saved, since parameters or moments are not finite themselves")
    }
    var remedies: [String] = []
    do {
      if let path = try write(batch) {
        remedies.append("do the step again with \(command: "replay", option: "bad-batch", path)")
      }
    } catch { notes.append("the file of the batch was not written: \(error)") }
    if case .configured(.stop, _) = rule {
      remedies.append("launch with \(option: "on-bad-loss") skip or rollback to resume without the batch")
    }
    remedies.append("or begin a new run with a lower \(option: "learning-rate") or longer \(option: "warmup-epochs")")
    return Failure(
      .data, batch.notFinite.sentence + reason, at: batch.place, found: notes.joined(separator: "; "),
      remedy: remedies.joined(separator: "; "))
  }

  private func replayed(_ batch: BadBatch, _ reason: String) -> Failure {
    guard case .recorded(_, _, let expected?) = rule, expected.step == batch.step else {
      return Failure(
        .data, batch.notFinite.sentence + (reason.isEmpty ? ", and the record says nothing about that" : reason),
        at: batch.place, found: batch.findings,
        remedy: "give a \(option: "first-step") after a later checkpoint, or a \(option: "step") before \(batch.step)")
    }
    return Failure(
      .data, batch.notFinite.sentence + " in the replay too", at: batch.place,
      expected: batch.repeats(expected) ? nil : "as recorded: \(expected.findings)",
      found: (batch.repeats(expected) ? "the same as recorded: " : "") + batch.findings,
      remedy: "look at the samples that are named, first at those with large inputs: "
        + batch.suspects.map { "\($0.sample) (\($0.largestInput))" }.joined(separator: ", "))
  }
}
