import BarlowTwins
import DataParallel
import Datasets
import Diagnostics
import Layers
import Optimization
import Tensors

/// One step over the global batch: forward, loss, backward with the gradients' sums over the ranks beside it, optimizer.
package final class GlobalStep {
  package struct Outcome {
    package var loss: LossValue
    /// ‖gradient‖₂ over all parameters, before clipping.
    package var gradientNorm: Double
    package var learningRate: Double
    package var phases: PhaseTimes
  }

  private let network: BarlowTwinsNetwork
  private let optimizer: any Optimizer
  private let schedule: LearningRateSchedule
  private let batches: BatchPlan
  private let buckets: GradientBuckets
  private let gradientNorm: GradientNorm
  private let clipping: GradientClipping?
  private let clock: PhaseClock

  init(
    _ network: BarlowTwinsNetwork, _ optimizer: any Optimizer, _ schedule: LearningRateSchedule,
    _ clipping: GradientClipping?, _ batches: BatchPlan, _ group: ShardGroup
  ) {
    (self.network, self.optimizer, self.schedule, self.batches) = (network, optimizer, schedule, batches)
    self.clipping = clipping
    gradientNorm = GradientNorm(network.state.parameters.layout)
    buckets = GradientBuckets(network.state.parameters, group)
    clock = PhaseClock(group.communicator)
    network.gradientsCompleted = buckets.completed
    network.phaseDidEnd = clock.end
  }

  /// To be called before a step when another network of this process has done steps meanwhile.
  func takeTurn() { buckets.takeTurn() }

  /// Bytes for sums between ranks that the first steps allocate.
  var communicationBytes: Int { buckets.bytes }

  /// The step after `step` steps, on what lies in the network's inputs. A collective.
  func run(step: Int) throws -> Outcome {
    clock.start()
    let loss = try network.forwardBackward(StepRandomness(seed: batches.order.seed, step: step))
    try buckets.finish()
    let norm = gradientNorm.measure(network.state.parameters)
    try checkFinite(loss, norm, step)
    clipping?.apply(to: network.state.parameters, norm: norm)
    let learningRate = schedule.learningRate(step: step, stepsPerEpoch: batches.stepsPerEpoch)
    optimizer.step(network.state.parameters, learningRate: learningRate)
    clock.endOptimizer()
    return Outcome(loss: loss, gradientNorm: norm, learningRate: learningRate, phases: clock.times)
  }

  /// Loss and gradient are the same on all ranks, so all of them stop here before the parameters are touched.
  private func checkFinite(_ loss: LossValue, _ norm: Double, _ step: Int) throws {
    guard !loss.total.isFinite || !norm.isFinite else { return }
    let samples = batches.sampleNumbers(step: step).prefix(4).map(String.init).joined(separator: ", ")
    throw AgreedFailure(
      Failure(
        .data, "the \(loss.total.isFinite ? "gradient" : "loss") is not a finite number",
        at: "step \(step + 1), samples \(samples), …",
        found: "loss \(loss.total), gradient norm \(norm)",
        remedy: "lower --learning-rate or lengthen --warmup-epochs; the last checkpoint is from before this step"))
  }
}
