import Diagnostics
import Foundation
import Tensors
import Training

/// Appends a JSON object for each step (or every `logEveryNSteps`-th, and each bad one), and one for each validation, to `metrics.jsonl`.
/// Each of them stands there once, in the order of the run, whatever was interrupted.
///
/// Every line is handed to the system before the next step, and brought to the disk with each checkpoint and at the
/// end. The same run again writes the same bytes for all keys but the timings (`step_ms`, `samples_per_second`,
/// `data_wait_ms`, `comm_wait_ms`, those of the phases, `val_ms`). Every error is a `Failure(.cannotWrite)` with the path, and ends the run.
public final class MetricsFile: Callback {
  public let path: String
  /// Kept open for `output`, which writes to it.
  private var handle: FileHandle?
  private var output: OutputFile?
  private var logEveryNSteps = 1

  /// Nothing is opened before `runWillStart`.
  public init(path: String) { self.path = path }

  /// Opens the file to go on after `step`: lines of later steps (done after the checkpoint that is resumed, and about
  /// to be done again) and unreadable ones (torn by a kill) are cut off. 0 for a new run.
  public func open(resumingAfter step: Int) throws {
    try MetricsCut.cut(path, after: step)
    let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    if descriptor < 0 { throw Failure.cannotWrite("open the file", path: path, errno: errno) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    self.handle = handle
    output = try OutputFile(handle: handle, name: path)
  }

  public func append(_ record: StepRecord) throws { try append(MetricsLine.json(record)) }

  private func append(_ line: String) throws {
    guard let output else { throw Failure(.defect, "the file of metrics is not open", at: path) }
    try output.write(line + "\n")
  }

  public func runWillStart(_ summary: RunSummary, _ control: RunControl) throws {
    logEveryNSteps = summary.logEveryNSteps
    try open(resumingAfter: summary.firstStep)
  }
  public func stepDidEnd(_ record: StepRecord) throws {
    if record.step % logEveryNSteps == 0 || record.badStep != nil { try append(record) }
  }
  public func validationDidEnd(_ record: ValidationRecord) throws { try append(MetricsLine.json(record)) }
  public func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws { try output?.synchronize() }
  public func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws { try output?.synchronize() }
}
