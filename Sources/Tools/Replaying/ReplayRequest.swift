/// What a replay is asked for.
public struct ReplayRequest: Sendable {
  /// The run folder; with `badBatch` it need not be given.
  public var from: String
  /// The file of a bad batch, whose step is done again; the other steps asked for do not count then.
  public var badBatch: String?
  /// The last step to repeat; nil: the last one recorded.
  public var step: Int?
  /// The first step that must be repeated; nil: `step` alone. The replay starts from a checkpoint before it.
  public var firstStep: Int?
  /// Where the data are now; nil: where the run had them.
  public var data: String?
  /// Threads of each rank; nil: as recorded.
  public var threads: Int?

  /// The step of the file of a bad batch.
  public init(badBatch: String, data: String? = nil, threads: Int? = nil) {
    self.init(from: "", data: data, threads: threads)
    self.badBatch = badBatch
  }

  public init(from: String, step: Int? = nil, firstStep: Int? = nil, data: String? = nil, threads: Int? = nil) {
    (self.from, self.step, self.firstStep, self.data, self.threads) = (from, step, firstStep, data, threads)
  }
}
