import DataParallel
import Layers
import Loading
import Optimization
import RunRecord
import Tensors
import TwinNetwork

/// One step over the global batch: forward, loss, backward while gradients are summed over the ranks, optimizer.
package final class GlobalStep {
  package struct Outcome {
    package var loss: LossValue
    /// ‖gradient‖₂ over all parameters, before clipping.
    package var gradientNorm: Double
    package var learningRate: Double
    package var phases: PhaseTimes
    /// What is not finite; nil for a good step. After a bad one parameters, running statistics and moments are those from
    /// before, and the gradients are still there.
    package var badNumber: BadNumber?
  }

  private let network: BarlowTwinsNetwork
  private let optimizer: any Optimizer
  private let schedule: LearningRateSchedule
  private let batches: BatchPlan
  private let group: ShardGroup
  private let gradientNorm: GradientNorm
  private let clipping: GradientClipping?
  private let clock: PhaseClock
  /// The running statistics from before a step, which its forward pass changes; after a bad step those that it made.
  let otherStatistics: AlignedBuffer<Float>

  init(
    _ network: BarlowTwinsNetwork, _ optimizer: any Optimizer, _ schedule: LearningRateSchedule,
    _ clipping: GradientClipping?, _ batches: BatchPlan, _ group: ShardGroup
  ) throws {
    self.network = network
    self.optimizer = optimizer
    self.schedule = schedule
    self.batches = batches
    self.clipping = clipping
    gradientNorm = try GradientNorm(network.state.parameters.layout)
    self.group = group
    try group.sumGradients(of: network.state.parameters)
    clock = PhaseClock(group.communicator)
    otherStatistics = try AlignedBuffer(network.state.statistics.values.count, for: .parameters)
    network.phaseDidEnd = clock.end
  }

  /// The step after `step` steps, on what lies in the network's inputs. A collective.
  ///
  /// Loss, gradient and statistics are sums over all ranks, so that all of them see the same step as bad.
  package func run(step: Int) throws -> Outcome {
    clock.start()
    let (parameters, statistics) = (network.state.parameters, network.state.statistics.values)
    otherStatistics.pointer.update(from: statistics.pointer, count: statistics.count)
    let loss = try network.forwardBackward(StepRandomness(seed: batches.order.seed, step: step)).withOneNaN
    try group.finishGradients()
    let norm = gradientNorm.measure(parameters)
    let learningRate = schedule.learningRate(step: step, stepsPerEpoch: batches.stepsPerEpoch)
    let badNumber = BadNumber(loss, gradientNorm: norm, statistics: statistics)
    if badNumber == nil {
      clipping?.apply(to: parameters, norm: norm)
      optimizer.step(parameters, learningRate: learningRate)
    } else {
      for i in 0..<statistics.count { swap(&statistics.pointer[i], &otherStatistics.pointer[i]) }
    }
    clock.endOptimizer()
    return Outcome(
      loss: loss, gradientNorm: norm.isNaN ? .nan : norm, learningRate: learningRate, phases: clock.times,
      badNumber: badNumber)
  }
}
