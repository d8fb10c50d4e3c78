import RunRecord

/// Told about a run as it goes: the protocol for a program's own logs, files, probes and decisions.
///
/// All methods are called on rank 0 only, on the thread that trains, between steps; the other ranks wait, so anything
/// slow holds up the run. Every method has a default that does nothing. Throwing ends the run on all ranks with that
/// error, and without a checkpoint of its last step. Nothing that a callback does may be a collective.
///
/// After a step the order is: `stepDidEnd`; if one is due, `validationWillStart` and `validationDidEnd`; at the end of
/// an epoch `epochDidEnd`; before a checkpoint is begun, `checkpointWillSave`. It is written during the next steps, and
/// `checkpointDidSave` comes when it is there: after this step, a later one, or the last.
public protocol Callback: AnyObject {
  /// Before the first step. `control` may be kept to end the run early.
  func runWillStart(_ summary: RunSummary, _ control: RunControl) throws
  func stepDidEnd(_ record: StepRecord) throws
  /// After `step` steps. The trial of `numSanityValSteps` is not a validation and is not reported.
  func validationWillStart(step: Int, batches: Int) throws
  func validationDidEnd(_ record: ValidationRecord) throws
  func epochDidEnd(_ record: EpochRecord) throws
  /// Before a checkpoint after `step` steps is begun. A failure to write counts as the checkpoint's, which is tried
  /// again later: what belongs to the steps before it must be on its way to the disk.
  func checkpointWillSave(step: Int) throws
  /// It took `milliseconds` to write, in parallel with the training.
  func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws
  /// At the end of a run: the bytes that a rank was predicted to need at its peak, and the most that any rank had.
  func memoryWasMeasured(predicted: Int, peak: Int) throws
  /// Something that the user should know and that does not end the run.
  func warn(_ message: String)
  /// Not called when the run fails.
  func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws
}

extension Callback {
  public func runWillStart(_ summary: RunSummary, _ control: RunControl) throws {}
  public func stepDidEnd(_ record: StepRecord) throws {}
  public func validationWillStart(step: Int, batches: Int) throws {}
  public func validationDidEnd(_ record: ValidationRecord) throws {}
  public func epochDidEnd(_ record: EpochRecord) throws {}
  public func checkpointWillSave(step: Int) throws {}
  public func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws {}
  public func memoryWasMeasured(predicted: Int, peak: Int) throws {}
  public func warn(_ message: String) {}
  public func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws {}
}
