import Diagnostics

/// A value that an option with `auto` was given once the data were known, and why.
package struct AutomaticChoice: Equatable, Sendable {
  /// In kebab case: `batch-size`.
  package let option: String
  /// As the command line spells it.
  package let value: String
  /// What follows the value in the summary: `the largest power of two in 60 samples`.
  package let reason: String

  package init(_ option: String, _ value: String, because reason: String) {
    self.option = option
    self.value = value
    self.reason = reason
  }

  /// `--batch-size 32 (the largest power of two in 60 samples)`
  package var description: String { "\(option: option) \(value) (\(reason))" }
}
