import RunRecord

/// Forwards everything to several callbacks, in order.
///
/// All of them hear of an event even if one throws, so that the others can end cleanly; the first error is then thrown.
public final class CallbackGroup: Callback {
  private let callbacks: [any Callback]

  public init(_ callbacks: [any Callback]) { self.callbacks = callbacks }

  private func forEach(_ body: (any Callback) throws -> Void) throws {
    var first: (any Error)?
    for callback in callbacks {
      do { try body(callback) } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  public func runWillStart(_ summary: RunSummary, _ control: RunControl) throws {
    try forEach { try $0.runWillStart(summary, control) }
  }
  public func stepDidEnd(_ record: StepRecord) throws { try forEach { try $0.stepDidEnd(record) } }
  public func validationWillStart(step: Int, batches: Int) throws {
    try forEach { try $0.validationWillStart(step: step, batches: batches) }
  }
  public func validationDidEnd(_ record: ValidationRecord) throws { try forEach { try $0.validationDidEnd(record) } }
  public func epochDidEnd(_ record: EpochRecord) throws { try forEach { try $0.epochDidEnd(record) } }
  public func checkpointWillSave(step: Int) throws { try forEach { try $0.checkpointWillSave(step: step) } }
  public func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws {
    try forEach { try $0.checkpointDidSave(step: step, path: path, milliseconds: milliseconds) }
  }
  public func memoryWasMeasured(predicted: Int, peak: Int) throws {
    try forEach { try $0.memoryWasMeasured(predicted: predicted, peak: peak) }
  }
  public func warn(_ message: String) { for callback in callbacks { callback.warn(message) } }
  public func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws {
    try forEach { try $0.runDidEnd(end, finalStep: finalStep, seconds: seconds) }
  }
}
