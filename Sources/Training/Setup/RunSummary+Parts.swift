import BarlowTwins
import MPI
import Tensors

extension RunSummary {
  init(_ parts: TrainingParts, _ start: RunStart) {
    self.init()
    let (plan, configuration) = (parts.plan, parts.plan.configuration)
    (ranks, firstStep, lastStep) = (parts.communicator.size, start.step, plan.lastStep)
    (stepsPerEpoch, batchSize) = (plan.stepsPerEpoch, configuration.batchSize)
    let shape = parts.dataset.sampleShape.map(String.init).joined(separator: "×")
    lines = [
      "data       \(parts.dataset.name): \(parts.dataset.count) samples of \(shape); augmentation: \(parts.augmentation)",
      "network    \(parts.network.encoder.name), \(parts.network.encoder.features) features; projector \(parts.network.projector.hidden)-\(parts.network.projector.hidden)-\(parts.network.projector.outputs); \(parts.network.state.parameters.layout.parameterCount) parameters",
      "loss       \(parts.network.loss.form.rawValue) form, λ \(configuration.lambd)",
      "optimizer  \(configuration.optimizer.rawValue), rate \(configuration.learningRate) (\(configuration.lrScheduler.rawValue)), weight decay \(configuration.weightDecay)",
      "batch      \(configuration.batchSize) samples in \(plan.shards) shards on \(ranks) ranks of \(ThreadPool.threads) threads; \(Self.exactness(parts))",
      "length     \(plan.lastStep == .max ? "until stopped" : "\(plan.lastStep) steps"), \(plan.stepsPerEpoch) an epoch; \(plan.samplesLeftOut) samples at the end of each epoch are left out",
    ]
    if start.isResumed { lines.append("resumed    after step \(start.step)") }
    remarks = start.remarks + parts.network.remarks
  }

  private static func exactness(_ parts: TrainingParts) -> String {
    parts.group.isIndependentOfRanks
      ? "same bits on every power of two of ranks up to \(parts.plan.shards)"
      : "equal to rounding on other numbers of ranks"
  }
}
