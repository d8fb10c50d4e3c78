extension Int {
  /// `1 core`, `2 cores`; words with another plural are given both: `counted("batch", "batches")`.
  package func counted(_ word: String, _ plural: String? = nil) -> String {
    "\(self) \(self == 1 ? word : plural ?? word + "s")"
  }
}
