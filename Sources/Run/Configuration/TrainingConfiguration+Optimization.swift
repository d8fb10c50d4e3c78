import Optimization
import Tensors

extension TrainingConfiguration {
  /// The optimizer with its keyword arguments, which were validated; those that are absent keep PyTorch's defaults.
  package func makeOptimizer(_ layout: ParameterLayout) throws -> any Optimizer {
    let groups = try ParameterGroups(
      layout, weightDecay: weightDecay, excludeBiasAndNorm: excludeBiasAndNormWd,
      biasRateFactor: learningRateBiases.map { learningRate == 0 ? 0 : $0 / learningRate } ?? 1)
    return try optimizer.make(groups, OptimizerKeywords(optimizerKwargs))
  }

  private var rateScale: Double { scaleLearningRate.factor(batch: batchSize ?? Self.usualBatchSize) }

  /// The schedule of the weights; batch and warm-up that are still open count as nidl's. A cosine ends at `maxEpochs`, or at `maxSteps` where that alone is given.
  package var learningRateSchedule: LearningRateSchedule {
    let base = learningRate * rateScale
    let length = finiteMaxEpochs.map(WarmupCosine.Length.epochs) ?? maxSteps.map(WarmupCosine.Length.steps)
    guard lrScheduler == .warmupCosine, let length else { return .constant(base) }
    return .warmupCosine(
      WarmupCosine(
        base: base, start: warmupStartLr * rateScale, minimum: minLr * rateScale,
        warmupEpochs: warmupEpochs ?? Self.usualWarmupEpochs, length: length, interval: lrInterval))
  }

  /// For the summary: `rate 0.0006 (0.0003 scaled by the batch of 512; biases and norms 1e-05; warmup_cosine)`.
  package var rateText: String {
    var details: [String] = []
    if scaleLearningRate != .none {
      details.append("\(learningRate) scaled by the batch of \(batchSize ?? Self.usualBatchSize)")
    }
    if let learningRateBiases { details.append("biases and norms \(learningRateBiases * rateScale)") }
    details.append(lrScheduler.rawValue)
    return "rate \(learningRate * rateScale) (\(details.joined(separator: "; ")))"
  }

  package var gradientClipping: GradientClipping? {
    GradientClipping(gradientClipAlgorithm, bound: gradientClipVal)
  }

  /// For the summary: `, gradients clipped by norm at 1.0`.
  package var clippingText: String {
    gradientClipping == nil ? "" : ", gradients clipped by \(gradientClipAlgorithm.rawValue) at \(gradientClipVal ?? 0)"
  }
}
