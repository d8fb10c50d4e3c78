import Configuration
import TwinNetwork

/// A validation, as a line of `metrics.jsonl` stores it.
public struct ValidationRecord: Sendable {
  /// Optimizer steps done.
  public var step: Int
  /// Epochs completed; a fraction within an epoch.
  public var epoch: Double
  /// The mean over the batches.
  public var loss: MeanLoss
  public var milliseconds: Double

  public init(step: Int, epoch: Double, loss: MeanLoss, milliseconds: Double) {
    self.step = step
    self.epoch = epoch
    self.loss = loss
    self.milliseconds = milliseconds
  }

  /// What the same run repeats to the bit, under the names of `Metric`.
  public var exactNumbers: [(key: String, value: Double)] { Metric.numbers(of: loss, validation: true) }
}
