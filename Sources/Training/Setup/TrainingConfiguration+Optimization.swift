import Configuration
import Optimization
import Tensors

extension TrainingConfiguration {
  /// The optimizer with its keyword arguments, which were validated; those that are absent keep PyTorch's defaults.
  func makeOptimizer(_ layout: ParameterLayout) throws -> any Optimization.Optimizer {
    let groups = try ParameterGroups(
      layout, weightDecay: weightDecay, excludeBiasAndNorm: excludeBiasAndNormWd,
      biasRateFactor: learningRateBiases.map { learningRate == 0 ? 0 : $0 / learningRate } ?? 1)
    switch optimizer {
    case .adamW, .adam:
      var betas = (0.9, 0.999)
      if case .list(let given)? = optimizerKwargs["betas"], given.count == 2 { betas = (given[0], given[1]) }
      return try Adam(
        groups, decay: optimizer == .adam ? .l2 : .decoupled, betas: betas, epsilon: number("eps") ?? 1e-8,
        amsgrad: optimizerKwargs["amsgrad"] == .flag(true))
    case .sgd:
      return try SGD(
        groups, momentum: number("momentum") ?? 0, dampening: number("dampening") ?? 0,
        nesterov: optimizerKwargs["nesterov"] == .flag(true))
    case .lars:
      return try LARS(
        groups, momentum: number("momentum") ?? 0.9, trust: number("eta") ?? 0.001,
        excludeBiasAndNorm: optimizerKwargs["exclude_bias_and_norm_adaptation"] != .flag(false))
    }
  }

  /// What the batch makes of every rate.
  private var rateScale: Double {
    switch scaleLearningRate {
    case .none: 1
    case .linear: Double(batchSize) / 256
    case .sqrt: (Double(batchSize) / 256).squareRoot()
    }
  }

  /// The schedule of the weights. A cosine ends at `maxEpochs`, or at `maxSteps` where that alone is given.
  package var learningRateSchedule: LearningRateSchedule {
    let base = learningRate * rateScale
    let length = finiteMaxEpochs.map(WarmupCosine.Length.epochs) ?? maxSteps.map(WarmupCosine.Length.steps)
    guard lrScheduler == .warmupCosine, let length else { return .constant(base) }
    return .warmupCosine(
      WarmupCosine(
        base: base, start: warmupStartLr * rateScale, minimum: minLr * rateScale, warmupEpochs: warmupEpochs,
        length: length, interval: lrInterval == .step ? .step : .epoch))
  }

  /// For the summary: `rate 0.0006 (0.0003 scaled by the batch of 512; biases and norms 1e-05; warmup_cosine)`.
  var rateText: String {
    var details: [String] = []
    if scaleLearningRate != .none { details.append("\(learningRate) scaled by the batch of \(batchSize)") }
    if let learningRateBiases { details.append("biases and norms \(learningRateBiases * rateScale)") }
    details.append(lrScheduler.rawValue)
    return "rate \(learningRate * rateScale) (\(details.joined(separator: "; ")))"
  }

  var gradientClipping: GradientClipping? {
    guard let gradientClipVal, gradientClipVal > 0 else { return nil }
    return gradientClipAlgorithm == .norm ? .norm(gradientClipVal) : .value(gradientClipVal)
  }

  /// For the summary: `, gradients clipped by norm at 1.0`.
  var clippingText: String {
    gradientClipping == nil ? "" : ", gradients clipped by \(gradientClipAlgorithm.rawValue) at \(gradientClipVal ?? 0)"
  }

  private func number(_ keyword: String) -> Double? {
    if case .number(let value)? = optimizerKwargs[keyword] { value } else { nil }
  }
}
