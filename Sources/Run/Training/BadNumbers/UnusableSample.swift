import Diagnostics

/// What to do about a sample for which the network gives no finite numbers.
package enum UnusableSample {
  /// Beyond this, squares and sums of products soon leave float32; no scale that data are recorded in does.
  private static let suspicious: Float = 1e12

  /// - Parameter largest: the largest magnitude among the sample's values.
  package static func remedy(largest: Float) -> String {
    largest > suspicious
      ? "mend or remove the sample: such values often stand for missing ones, or for the background"
      : "the sample's values are moderate: look at the parameters with \(command: "inspect", option: "statistics", "RUN")"
  }
}
