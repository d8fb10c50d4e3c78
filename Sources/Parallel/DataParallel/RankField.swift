/// A value that should be the same on all ranks, as one rank has it.
package struct RankField: Codable, Equatable, Sendable {
  /// What errors call it: `--lambd`, `x.npy`, `parameters`.
  package let name: String
  /// What is compared; long values as their hash.
  package let value: String
  /// What errors show of it.
  package let text: String

  /// `text` nil: the value itself is shown.
  package init(_ name: String, _ value: String, text: String? = nil) {
    self.name = name
    self.value = value
    self.text = text ?? value
  }
}
