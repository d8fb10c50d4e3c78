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
  private let buckets: GradientBuckets
  private let gradientNorm: GradientNorm
  private let clipping: GradientClipping?
  private let optimizer: any Optimizer
  private let schedule: LearningRateSchedule
  private let loader: BatchLoader
  private let saver: CheckpointSaver
  private let observer: (any TrainingObserver)?
  private let control: StepControl
  private var step: Int
  private var lossStart: Double?

  /// - Parameter observer: told on rank 0 only.
  init(_ parts: TrainingParts, observer: (any TrainingObserver)?) {
    (plan, communicator, network) = (parts.plan, parts.communicator, parts.network)
    (optimizer, schedule, loader, saver) = (parts.optimizer, parts.schedule, parts.loader, parts.saver)
    (step, lossStart) = (parts.firstStep, parts.lossStart)
    self.observer = parts.communicator.rank == 0 ? observer : nil
    gradientNorm = GradientNorm(parts.network.state.parameters.layout)
    clipping = parts.plan.configuration.gradientClipping
    buckets = GradientBuckets(parts.network.state.parameters, parts.group)
    control = StepControl(parts.communicator)
    network.gradientsCompleted = buckets.completed
  }

  /// Trains to the plan's last step, or until some rank gets a signal: then a checkpoint is saved at that step.
  ///
  /// A collective. A failure of any rank is thrown by all of them, as `AgreedFailure`.
  public func run(_ summary: RunSummary) throws -> RunEnd {
    let start = DispatchTime.now()
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

  /// Forward, loss, backward with the gradients' allreduce beside it, optimizer: one step over the global batch.
  private func trainOneStep(_ clock: StepClock, dataWaitMs: Double) throws -> StepRecord {
    let loss = try network.forwardBackward()
    try buckets.finish()
    let norm = gradientNorm.measure(network.state.parameters)
    try checkFinite(loss, norm)
    clipping?.apply(to: network.state.parameters, norm: norm)
    let learningRate = schedule.learningRate(step: step, stepsPerEpoch: plan.batches.stepsPerEpoch)
    optimizer.step(network.state.parameters, learningRate: learningRate)
    step += 1
    lossStart = lossStart ?? loss.total

    var record = StepRecord()
    (record.step, record.epoch) = (step, plan.epoch(after: step))
    (record.loss, record.lossInvariance, record.lossRedundancy) = (loss.total, loss.invariance, loss.redundancy)
    record.lossFloor = LossValue.floor(
      batch: plan.configuration.batchSize, features: network.projector.outputs, lambd: network.loss.lambd)
    (record.lossStart, record.learningRate, record.gradNorm) = (lossStart ?? 0, learningRate, norm)
    record.deadFeatures = loss.deadFeatures
    (record.stepMs, record.commWaitMs) = clock.read(communicator)
    record.samplesPerSecond = 1e3 * Double(plan.configuration.batchSize) / record.stepMs
    record.dataWaitMs = dataWaitMs
    return record
  }

  /// Loss and gradient are the same on all ranks, so all of them stop here before the parameters are touched.
  private func checkFinite(_ loss: LossValue, _ norm: Double) throws {
    guard !loss.total.isFinite || !norm.isFinite else { return }
    let samples = loader.sampleNumbers(step: step).prefix(4).map(String.init).joined(separator: ", ")
    throw AgreedFailure(
      Failure(
        .data, "the \(loss.total.isFinite ? "gradient" : "loss") is not a finite number",
        at: "step \(step + 1), samples \(samples), …",
        found: "loss \(loss.total), gradient norm \(norm)",
        remedy: "lower --learning-rate or lengthen --warmup-epochs; the last checkpoint is from before this step"))
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
