extension Int {
  /// `1 core`, `2 cores`.
  package func counted(_ word: String) -> String { "\(self) \(word)\(self == 1 ? "" : "s")" }
}
