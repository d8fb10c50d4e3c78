import BarlowTwins
import MPI
import Tensors

extension RunSummary {
  init(_ parts: TrainingParts, _ start: RunStart) {
    self.init()
    let (plan, configuration) = (parts.plan, parts.plan.configuration)
    (ranks, firstStep, lastStep) = (parts.communicator.size, start.step, plan.lastStep)
    (stepsPerEpoch, batchSize) = (plan.batches.stepsPerEpoch, configuration.batchSize)
    lines = [
      "data       \(parts.dataset.name): \(parts.dataset.summary); augmentation: \(parts.augmentation.description)",
      "network    \(parts.network.encoder.name), \(parts.network.encoder.features) features; projector \(parts.network.projector.hidden)-\(parts.network.projector.hidden)-\(parts.network.projector.outputs); \(parts.network.state.parameters.layout.parameterCount) parameters",
      "loss       \(parts.network.loss.form.rawValue) form, λ \(configuration.lambd)",
      "optimizer  \(configuration.optimizer.rawValue), rate \(configuration.learningRate) (\(configuration.lrScheduler.rawValue)), weight decay \(configuration.weightDecay)",
      "batch      \(configuration.batchSize) samples in \(plan.batches.shards) shards on \(ranks) ranks of \(ThreadPool.threads) threads; \(Self.exactness(parts))",
      "length     \(plan.lastStep == .max ? "until stopped" : "\(plan.lastStep) steps"), \(plan.batches.stepsPerEpoch) an epoch; \(plan.batches.samplesLeftOut) samples at the end of each epoch are left out",
    ]
    if start.isResumed { lines.append("resumed    after step \(start.step)") }
    remarks = start.remarks + parts.network.remarks
  }

  private static func exactness(_ parts: TrainingParts) -> String {
    parts.group.isIndependentOfRanks
      ? "same bits on every power of two of ranks up to \(parts.plan.batches.shards)"
      : "equal to rounding on other numbers of ranks"
  }
}
