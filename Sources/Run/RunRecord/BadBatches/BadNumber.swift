import Diagnostics
import Tensors
import TwinNetwork

/// Which number of a step is not finite: the first of those that are looked at after each step, the same on all ranks.
package enum BadNumber: String, Codable, Sendable {
  case loss, gradient
  /// A running mean or variance of a batch norm that the step's forward pass has changed.
  case statistics = "running statistics"

  package init?(_ loss: LossValue, gradientNorm: Double, statistics: AlignedBuffer<Float>) {
    if !loss.total.isFinite {
      self = .loss
    } else if !gradientNorm.isFinite {
      self = .gradient
    } else if !statistics.areFinite {
      self = .statistics
    } else {
      return nil
    }
  }

  /// `the loss is not a finite number`
  package var sentence: String {
    "the \(rawValue) \(self == .statistics ? "are not finite numbers" : "is not a finite number")"
  }

  /// The failure for a step that nothing can be done about.
  ///
  /// - Parameter step: counted from 1.
  package func failure(loss: LossValue, gradientNorm: Double, step: Int) -> Failure {
    Failure(
      .data, sentence, at: "step \(step)",
      found: "loss \(loss.total), gradient norm \(gradientNorm)",
      remedy:
        "lower \(option: "learning-rate") or lengthen \(option: "warmup-epochs"); look for very large values in the data"
    )
  }
}

/// What was done about a bad step so that the run could continue.
public enum BadStepOutcome: Sendable, Equatable {
  /// The update was left out.
  case skipped
  /// Parameters, running statistics and moments are those of the checkpoint of this step again.
  case rolledBack(to: Int)
}

extension AlignedBuffer<Float> {
  /// Whether no number is infinite or NaN: those have all bits of the exponent set.
  package var areFinite: Bool {
    var found: UInt32 = 0
    // No early exit, so that the loop is vector code.
    for value in elements { found |= value.bitPattern & 0x7F80_0000 == 0x7F80_0000 ? 1 : 0 }
    return found == 0
  }
}

extension LossValue {
  /// NaN has many bit patterns, and which one arises may depend on the processor; here there is one.
  package var withOneNaN: LossValue {
    var value = self
    for path in [\LossValue.total, \.invariance, \.redundancy] where value[keyPath: path].isNaN {
      value[keyPath: path] = .nan
    }
    return value
  }
}
