/// What a replay is asked for.
package struct ReplayRequest: Sendable {
  /// The run folder; with `badBatch` it need not be given.
  package var from: String
  /// The file of a bad batch, whose step is done again; the other steps asked for do not count then.
  package var badBatch: String?
  /// The last step to repeat; nil: the last one recorded.
  package var step: Int?
  /// The first step that must be repeated; nil: `step` alone. The replay starts from a checkpoint before it.
  package var firstStep: Int?
  /// Where the data are now; nil: where the run had them.
  package var data: String?
  /// Threads of each rank; nil: as recorded.
  package var threads: Int?

  /// The step of the file of a bad batch.
  package init(badBatch: String, data: String? = nil, threads: Int? = nil) {
    self.init(from: "", data: data, threads: threads)
    self.badBatch = badBatch
  }

  package init(from: String, step: Int? = nil, firstStep: Int? = nil, data: String? = nil, threads: Int? = nil) {
    self.from = from
    self.step = step
    self.firstStep = firstStep
    self.data = data
    self.threads = threads
  }
}
