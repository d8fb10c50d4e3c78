import Configuration
import TwinNetwork

/// The end of an epoch.
public struct EpochRecord: Sendable {
  /// Epochs completed.
  public var epoch: Int
  /// Optimizer steps done.
  public var step: Int
  /// The mean over the epoch's steps.
  public var loss: MeanLoss

  public init(epoch: Int, step: Int, loss: MeanLoss) { (self.epoch, self.step, self.loss) = (epoch, step, loss) }

  /// Under the names of `Metric`.
  package var numbers: [(key: String, value: Double)] { Metric.numbers(of: loss, validation: false) }
}
