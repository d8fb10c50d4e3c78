/// A value that should be the same on all ranks, as one rank has it.
public struct RankField: Codable, Equatable, Sendable {
  /// What errors call it: `--lambd`, `x.npy`, `parameters`.
  public let name: String
  /// What is compared; long values as their hash.
  public let value: String
  /// What errors show of it.
  public let text: String

  /// `text` nil: the value itself is shown.
  public init(_ name: String, _ value: String, text: String? = nil) {
    (self.name, self.value, self.text) = (name, value, text ?? value)
  }
}
