import Configuration
import DataParallel
import Layers
import Optimization
import Tensors

extension TrainingConfiguration {
  package var convolutionAlgorithm: ConvolutionAlgorithm {
    switch convolution {
    case .auto: .auto
    case .direct: .direct
    case .winograd: .winograd
    }
  }

  var rankReduction: DataParallel.Reduction {
    switch reduction {
    case .tree: .tree
    case .mpi: .mpi
    }
  }

  /// The optimizer with its keyword arguments; those that were validated and are absent keep PyTorch's defaults.
  func makeOptimizer(_ layout: ParameterLayout) throws -> any Optimization.Optimizer {
    switch optimizer {
    case .adamW:
      var betas = (0.9, 0.999)
      if case .list(let given)? = optimizerKwargs["betas"], given.count == 2 { betas = (given[0], given[1]) }
      return try AdamW(
        layout, betas: betas, epsilon: number("eps") ?? 1e-8, weightDecay: weightDecay,
        excludeBiasAndNorm: excludeBiasAndNormWd)
    case .sgd:
      return try SGD(
        layout, momentum: number("momentum") ?? 0, dampening: number("dampening") ?? 0,
        nesterov: optimizerKwargs["nesterov"] == .flag(true), weightDecay: weightDecay,
        excludeBiasAndNorm: excludeBiasAndNormWd)
    }
  }

  /// The schedule; a cosine ends at `maxEpochs`, which validation has asked for.
  var learningRateSchedule: LearningRateSchedule {
    guard lrScheduler == .warmupCosine, let maxEpochs else { return .constant(learningRate) }
    return .warmupCosine(
      WarmupCosine(
        base: learningRate, start: warmupStartLr, minimum: minLr, warmupEpochs: warmupEpochs,
        maxEpochs: Double(maxEpochs), interval: lrInterval == .step ? .step : .epoch))
  }

  private func number(_ keyword: String) -> Double? {
    if case .number(let value)? = optimizerKwargs[keyword] { value } else { nil }
  }
}
