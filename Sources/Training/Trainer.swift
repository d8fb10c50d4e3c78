import BarlowTwins
import DataParallel
import Datasets
import Diagnostics
import Dispatch
import MPI
import Optimization
import Tensors

/// The training loop of one rank. All ranks run it in step.
public final class Trainer {
  public let plan: TrainingPlan
  private let communicator: Communicator
  private let network: BarlowTwinsNetwork
  private let globalStep: GlobalStep
  private let makeLoader: () throws -> BatchLoader
  private let saver: CheckpointSaver
  private let observer: (any TrainingObserver)?
  private let control: StepControl
  /// Optimizer steps done.
  private(set) var step: Int
  private(set) var lossStart: Double?

  /// - Parameter observer: told on rank 0 only.
  init(_ parts: TrainingParts, observer: (any TrainingObserver)?) {
    (plan, communicator, network) = (parts.plan, parts.communicator, parts.network)
    (globalStep, makeLoader, saver) = (parts.globalStep, parts.makeLoader, parts.saver)
    (step, lossStart) = (parts.firstStep, parts.lossStart)
    self.observer = parts.communicator.rank == 0 ? observer : nil
    control = StepControl(parts.communicator)
  }

  /// Trains to the plan's last step, or until some rank gets a signal: then a checkpoint is saved at that step.
  ///
  /// A collective. A failure of any rank is thrown by all of them, as `AgreedFailure`.
  public func run(_ summary: RunSummary) throws -> RunEnd {
    let start = DispatchTime.now()
    let loader = try communicator.together(makeLoader)
    control.attempt { try observer?.runWillStart(summary) }
    for remark in summary.remarks { observer?.warn(remark) }
    var end = RunEnd.finished
    while true {
      communicator.position = Position(step: step + 1, place: "agreement on the step")
      let clock = StepClock(communicator)
      let waited = step < plan.lastStep ? control.attempt { try loader.next(into: network.inputs).waitMilliseconds } : 0
      let signal = try control.agree(signal: SignalWatch.received)
      guard step < plan.lastStep else { break }
      if signal != 0 {
        end = .interrupted(SignalWatch.name(signal))
        break
      }
      let record = try trainOneStep(clock, dataWaitMs: waited ?? 0)
      control.attempt { try observer?.stepDidEnd(record) }
      if plan.isCheckpointDue(after: step) { control.attempt { try saveCheckpoint() } }
    }
    loader.stop()
    communicator.position = Position(step: step, place: "end of the run")
    control.attempt { if saver.lastSaved != step { try saveCheckpoint() } }
    control.attempt { try observer?.runDidEnd(end, finalStep: step, seconds: seconds(since: start)) }
    _ = try control.agree(signal: 0)
    return end
  }

  /// One step over the global batch, and what is recorded of it.
  private func trainOneStep(_ clock: StepClock, dataWaitMs: Double) throws -> StepRecord {
    let outcome = try globalStep.run(step: step)
    let loss = outcome.loss
    step += 1
    lossStart = lossStart ?? loss.total

    var record = StepRecord()
    (record.step, record.epoch) = (step, plan.epoch(after: step))
    (record.loss, record.lossInvariance, record.lossRedundancy) = (loss.total, loss.invariance, loss.redundancy)
    record.lossFloor = LossValue.floor(
      batch: plan.configuration.batchSize, features: network.projector.outputs, lambd: network.loss.lambd)
    (record.lossStart, record.learningRate) = (lossStart ?? 0, outcome.learningRate)
    record.gradNorm = outcome.gradientNorm
    record.deadFeatures = loss.deadFeatures
    (record.stepMs, record.commWaitMs) = clock.read(communicator)
    record.samplesPerSecond = 1e3 * Double(plan.configuration.batchSize) / record.stepMs
    record.dataWaitMs = dataWaitMs
    return record
  }

  private func saveCheckpoint() throws {
    let start = DispatchTime.now()
    guard let path = try saver.save(step: step, lossStart: lossStart) else { return }
    try observer?.checkpointDidSave(step: step, path: path, milliseconds: 1e3 * seconds(since: start))
  }
}

/// Time from the moment a step asks for its data, and how much of it went into communication.
private struct StepClock {
  private let start = DispatchTime.now()
  private let communicated: Double

  init(_ communicator: Communicator) { communicated = communicator.secondsOfCommunication }

  func read(_ communicator: Communicator) -> (stepMs: Double, commWaitMs: Double) {
    (1e3 * seconds(since: start), 1e3 * (communicator.secondsOfCommunication - communicated))
  }
}

func seconds(since start: DispatchTime) -> Double {
  Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9
}
