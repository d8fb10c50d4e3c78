/// What a replay is asked for.
public struct ReplayRequest: Sendable {
  /// The run folder.
  public var from: String
  /// The last step to repeat; nil: the last one recorded.
  public var step: Int?
  /// The first step that must be repeated; nil: `step` alone. The replay starts from a checkpoint before it.
  public var firstStep: Int?
  /// Where the data are now; nil: where the run had them.
  public var data: String?
  /// Threads of each rank; nil: as recorded.
  public var threads: Int?

  public init(from: String, step: Int? = nil, firstStep: Int? = nil, data: String? = nil, threads: Int? = nil) {
    (self.from, self.step, self.firstStep, self.data, self.threads) = (from, step, firstStep, data, threads)
  }
}
