import CommandLine
import Diagnostics

/// A check of what options mean together. It is left out where one of them is wrong by itself.
struct OptionCheck: Sendable {
  /// The options that it looks at.
  let options: Set<String>
  let run: @Sendable (TrainingConfiguration, ValueOrigins) throws(Failure) -> Void

  init(
    _ options: String..., run: @escaping @Sendable (TrainingConfiguration, ValueOrigins) throws(Failure) -> Void
  ) {
    self.options = Set(options)
    self.run = run
  }
}
