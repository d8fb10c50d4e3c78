import Diagnostics
import Loading
import Planning
import Tensors
import TwinNetwork

extension RunSummary {
  /// - Parameter memory: nil where it is not predicted.
  package init(_ parts: TrainingParts, _ start: RunStart, memory: MemoryForecast? = nil) {
    self.init()
    let (plan, configuration, network) = (parts.plan, parts.plan.configuration, parts.network)
    ranks = parts.communicator.size
    firstStep = start.step
    lastStep = plan.lastStep
    (stepsPerEpoch, batchSize) = (plan.batches.stepsPerEpoch, plan.batches.batchSize)
    (logEveryNSteps, savesCheckpoints) = (configuration.logEveryNSteps, configuration.enableCheckpointing)
    lines = [
      "data       \(parts.dataset.name): \(parts.dataset.summary); augmentation: \(parts.augmentation.description)"
    ]
    if let validation = parts.validation { lines.append(Self.line(validation)) }
    if configuration.enableModelSummary {
      lines += Self.model(network) + ModelTable(network, batchSize: batchSize).lines + (memory?.lines ?? [])
    }
    lines += [
      "loss       \(network.loss.form.rawValue) form, λ \(configuration.lambd)",
      parts.kernels.line,
      """
      optimizer  \(configuration.optimizer.rawValue), \(configuration.rateText), \
      weight decay \(configuration.weightDecay)\(configuration.clippingText)
      """,
      """
      batch      \(plan.batches.batchSize.counted("sample")) in \(plan.batches.shards.counted("shard")); ranks × threads: \(ranks) × \
      \(ThreadPool.threads); \(Self.exactness(parts))
      """,
      """
      length     \(plan.lastStep == .max ? "until stopped" : plan.lastStep.counted("step")), \
      \(plan.batches.stepsPerEpoch) an epoch; \(Self.leftOut(plan.batches, "of each epoch "))
      """,
    ]
    if !plan.choices.isEmpty {
      lines.append("auto       " + plan.choices.map(\.description).joined(separator: ", "))
    }
    if network.element == .bfloat16 {
      lines.append("precision  bf16 activations and products; float32 parameters, statistics, sums and loss")
    }
    if let initial = parts.initialParameters { lines.append("init       \(initial.summary)") }
    if !configuration.enableCheckpointing { lines.append("no checkpoints are written") }
    if start.state != nil { lines.append("resumed    after step \(start.step)") }
    self.memory = memory
    remarks =
      start.remarks + parts.dataRemarks + (parts.initialParameters?.remarks ?? []) + parts.precisionRemarks
      + parts.kernelRemarks
      + network.remarks + parts.kernels.remarks
      + (memory?.remarks ?? [])
  }

  /// What the network is, as `--enable-model-summary` asks for.
  private static func model(_ network: BarlowTwinsNetwork) -> [String] {
    let projector = network.projector
    return [
      """
      network    \(network.encoder.name), \(network.encoder.features.counted("feature")); \
      projector \(projector.hidden)-\(projector.hidden)-\(projector.outputs)
      """
    ]
  }

  private static func line(_ validation: ValidationSet) -> String {
    let (dataset, batches) = (validation.dataset, validation.plan.batches)
    return """
      validation \(dataset.name): \(dataset.summary); augmentation: \(validation.augmentation.description); \
      \(batches.stepsPerEpoch.counted("batch", "batches")), \(leftOut(batches))
      """
  }

  /// `4 samples at the end of each epoch are left out`
  private static func leftOut(_ batches: BatchPlan, _ of: String = "") -> String {
    let count = batches.samplesLeftOut
    return "\(count.counted("sample")) at the end \(of)\(count == 1 ? "is" : "are") left out"
  }

  private static func exactness(_ parts: TrainingParts) -> String {
    let shards = parts.plan.batches.shards
    guard parts.isIndependentOfRanks else { return "equal to rounding on other numbers of ranks" }
    return shards == 1
      ? "the same bits on 1 rank only: for more give \(option: "shards")"
      : "same bits on every power of two of ranks up to \(shards)"
  }
}
