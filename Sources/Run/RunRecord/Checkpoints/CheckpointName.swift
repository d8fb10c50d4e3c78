import Diagnostics

/// The name of a checkpoint's folder, made and read in this one place: `step-00000500`, with more digits where a step has more.
package struct CheckpointName: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// Steps done when the checkpoint was taken.
  package let step: Int

  package init(step: Int) { self.step = step }

  /// nil for anything that is not such a name, also where its digits are not those that `description` gives, or more
  /// than a run has steps.
  package init?(_ text: some StringProtocol) {
    guard text.hasPrefix(Self.prefix), let step = Int(text.dropFirst(Self.prefix.count)),
      (0...NumberLimit.count).contains(step)
    else { return nil }
    self.step = step
    if description != text { return nil }
  }

  private static let prefix = "step-"

  package var description: String {
    let digits = String(step)
    return Self.prefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
  }

  package static func < (a: CheckpointName, b: CheckpointName) -> Bool { a.step < b.step }
}
