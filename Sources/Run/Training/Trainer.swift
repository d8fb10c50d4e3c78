import DataParallel
import Diagnostics
import Host
import Loading
import MPI
import Optimization
import RunRecord
import TwinNetwork

/// The training loop of one rank. All ranks run it in step.
package final class Trainer {
  package let plan: TrainingPlan
  private let communicator: Communicator
  private let network: BarlowTwinsNetwork
  private let optimizer: any Optimizer
  private let globalStep: GlobalStep
  private let makeLoader: () throws -> BatchLoader
  private let record: RunRecord
  private let validator: Validator?
  private let earlyStopping: EarlyStopping?
  private let callback: (any Callback)?
  private let control: StepControl
  private let badSteps: BadStepRecovery
  private let runControl = RunControl()
  private var deadline: LaunchDeadline
  /// Milliseconds for which the last step waited for its checkpoint.
  private var checkpointPause = 0.0
  /// Where the run is, besides its tensors.
  private(set) var state: CheckpointState

  /// - Parameter record: where the run is recorded.
  /// - Parameter callback: told on rank 0 only.
  package init(_ parts: TrainingParts, _ record: RunRecord, callback: (any Callback)?) {
    plan = parts.plan
    communicator = parts.communicator
    network = parts.network
    optimizer = parts.optimizer
    globalStep = parts.globalStep
    makeLoader = parts.makeLoader
    self.record = record
    state = parts.state
    earlyStopping = EarlyStopping(parts.plan.configuration)
    self.callback = parts.communicator.rank == 0 ? callback : nil
    control = StepControl(parts.communicator)
    badSteps = BadStepRecovery(parts)
    deadline = LaunchDeadline(parts.communicator.rank == 0 ? parts.plan.configuration.timeLimit : .none)
    validator = Validator(parts, control)
  }

  /// Trains to the plan's last step, until early stopping or a callback wants to end, or until some rank gets a signal or
  /// the time is up: then a checkpoint is saved at that step. A validation that is interrupted is repeated by the
  /// next launch.
  ///
  /// A collective. A failure of any rank is thrown by all of them, as `AgreedFailure`.
  package func run(_ summary: RunSummary) throws -> RunEnd {
    // Also when the run fails: what is being written is worth having.
    defer { record.waitUntilSaved() }
    let start = monotonicSeconds()
    let loader = try communicator.together(makeLoader)
    control.attempt { try callback?.runWillStart(summary, runControl) }
    control.attempt {
      try record.begin(
        after: summary.firstStep, logEveryNSteps: summary.logEveryNSteps, launch: summary.launch,
        warn: { [runControl] in runControl.warn($0) })
    }
    for remark in summary.remarks { callback?.warn(remark) }
    if let remark = deadline.remark { callback?.warn(remark) }
    record.warmUp()
    if state.step == 0 { try validator?.tryOut { interruption } }
    var end = try state.isUnfinished == true ? finishStep() : nil
    while end == nil {
      communicator.position = Position(step: state.step + 1, place: "agreement on the step")
      let clock = StepClock(communicator)
      let isOver = state.step >= plan.lastStep
      let waited = isOver ? 0 : control.attempt { try loader.next(into: network.inputs).waitMilliseconds }
      let agreed = try control.agree(signal: interruption, wantsStop: stopReason != nil)
      if isOver {
        end = .finished
      } else if agreed.isStop {
        end = .stopped(try communicator.broadcast(stopReason ?? ""))
      } else if agreed.signal != 0 {
        end = .interrupted(by: agreed.signal)
      } else {
        let step = try trainOneStep(clock, dataWaitMs: waited ?? 0)
        control.attempt { try record.append(step) }
        control.attempt { try callback?.stepDidEnd(step) }
        end = try finishStep()
        deadline.stepTook(clock.seconds)
      }
    }
    loader.stop()
    communicator.position = Position(step: state.step, place: "end of the run")
    control.attempt { try saveLast() }
    try reportMemory(summary)
    control.attempt { try record.finish() }
    control.attempt {
      try callback?.runDidEnd(end ?? .finished, finalStep: state.step, seconds: monotonicSeconds() - start)
    }
    try control.agree()
    return end ?? .finished
  }

  /// A signal that this rank has had, or that its time is up; 0 to continue.
  private var interruption: Int32 {
    let signal = SignalWatch.received
    if signal != 0 { return signal }
    return deadline.isUp(secondsToSave: record.secondsToSave) ? LaunchDeadline.signal : 0
  }

  /// Why the run is to end before its next step; nil to continue.
  private var stopReason: String? {
    guard state.step >= plan.earliestStop else { return nil }
    return runControl.stopReason ?? earlyStopping?.reason(state.earlyStopping)
  }

  /// One step over the global batch, and what is recorded of it.
  private func trainOneStep(_ clock: StepClock, dataWaitMs: Double) throws -> StepRecord {
    let outcome = try globalStep.run(step: state.step)
    let loss = outcome.loss
    var record = StepRecord()
    if let bad = outcome.badNumber { record.badStep = try recover(outcome, bad) } else { state.advance(loss) }
    record.step = state.step
    record.epoch = plan.epoch(after: state.step)
    record.loss = loss.total
    record.lossInvariance = loss.invariance
    record.lossRedundancy = loss.redundancy
    record.lossFloor = LossValue.floor(
      batch: plan.batches.batchSize, features: network.projector.outputs, lambd: network.loss.lambd)
    record.lossStart = state.lossStart ?? 0
    record.learningRate = outcome.learningRate
    record.gradNorm = outcome.gradientNorm
    record.deadFeatures = loss.deadFeatures
    (record.stepMs, record.commWaitMs) = clock.read(communicator)
    record.phases = outcome.phases
    record.samplesPerSecond = 1e3 * Double(plan.batches.batchSize) / record.stepMs
    record.dataWaitMs = dataWaitMs
    record.checkpointMs = checkpointPause
    checkpointPause = 0
    return record
  }

  /// Does what `--on-bad-loss` says; throws on all ranks where the run is to end, after a checkpoint from before the step.
  private func recover(_ outcome: GlobalStep.Outcome, _ bad: BadNumber) throws -> BadStepOutcome {
    let result = try badSteps.recover(outcome, bad, state, warn: { callback?.warn($0) }, save: saveLast)
    state.passBadStep(updates: optimizer.stepCount)
    return result
  }

  /// Writes a checkpoint of this very step, unless there is one, and waits for it.
  private func saveLast() throws {
    try tell(record.saveLast(state) { try callback?.checkpointWillSave(step: state.step) })
  }

  /// What follows a step: a validation, the end of an epoch, early stopping, a checkpoint. Says how the run ends if it was
  /// interrupted meanwhile; the next launch does it then, from the checkpoint of this very step.
  private func finishStep() throws -> RunEnd? {
    let (step, epoch) = (state.step, plan.epoch(after: state.step))
    var measured: [(key: String, value: Double)] = []
    if let validator, validator.isDue(after: step) {
      control.attempt { try callback?.validationWillStart(step: step, batches: validator.batches) }
      switch try validator.validate(step: step, epoch: epoch, interruption: { interruption }) {
      case .measured(let validation):
        control.attempt { try record.append(validation) }
        control.attempt { try callback?.validationDidEnd(validation) }
        measured += validation.exactNumbers
      case .interrupted(let signal):
        state.isUnfinished = true
        return .interrupted(by: signal)
      }
    }
    if plan.isEpochEnd(after: step), let loss = state.epochLoss {
      let end = EpochRecord(epoch: Int(epoch), step: step, loss: loss)
      control.attempt { try callback?.epochDidEnd(end) }
      measured += end.numbers
      state.epochLoss = nil
    }
    earlyStopping?.observe(measured, &state.earlyStopping)
    let finite = measured.filter(\.value.isFinite)
    state.metrics = finite.isEmpty ? nil : Dictionary(finite) { $1 }
    if state.isUnfinished == true {
      state.isUnfinished = nil
      record.forgetLastSaved()
    }
    control.attempt { try saveIfDue() }
    for remark in runControl.takeRemarks() { callback?.warn(remark) }
    return nil
  }

  /// A collective where there was a prediction, which all ranks then have.
  private func reportMemory(_ summary: RunSummary) throws {
    guard let predicted = summary.memory?.peakOfRank else { return }
    let peak = Int(try communicator.maximum([Int64(ProcessMemory.peak ?? 0)])[0])
    control.attempt { try callback?.memoryWasMeasured(predicted: predicted, peak: peak) }
  }

  /// Begins a checkpoint if one is due, and tells what became of the one before.
  private func saveIfDue() throws {
    try tell(record.collect())
    guard plan.isCheckpointDue(after: state.step) || record.isDue(state) else { return }
    let start = monotonicSeconds()
    defer { checkpointPause = 1e3 * (monotonicSeconds() - start) }
    try tell(record.save(state) { try callback?.checkpointWillSave(step: state.step) })
  }

  private func tell(_ events: [CheckpointSaver.Event]) throws {
    for event in events {
      switch event {
      case .saved(let step, let path, let milliseconds):
        try callback?.checkpointDidSave(step: step, path: path, milliseconds: milliseconds)
      case .failed(let message): callback?.warn(message)
      }
    }
  }
}

extension RunEnd {
  /// - Parameter signal: as `StepControl` has agreed on it.
  fileprivate static func interrupted(by signal: Int32) -> RunEnd {
    .interrupted(signal == LaunchDeadline.signal ? "the time limit" : SignalWatch.name(signal))
  }
}

/// Time from the moment a step asks for its data, and how much of it went into communication.
private struct StepClock {
  private let start = monotonicSeconds()
  private let communicated: Double

  init(_ communicator: Communicator) { communicated = communicator.secondsOfCommunication }

  var seconds: Double { monotonicSeconds() - start }

  func read(_ communicator: Communicator) -> (stepMs: Double, commWaitMs: Double) {
    (1e3 * seconds, 1e3 * (communicator.secondsOfCommunication - communicated))
  }
}
