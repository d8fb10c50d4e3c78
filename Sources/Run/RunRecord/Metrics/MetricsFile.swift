import Diagnostics
import Foundation

/// Appends a JSON object for each step (or every `logEveryNSteps`-th, and each bad one), and one for each validation,
/// to `metrics.jsonl`. Each of them is there once, in the order of the run, whatever was interrupted.
///
/// Every line is handed to the system before the next step, and brought to the disk with each checkpoint and at the
/// end. Lines that the disk does not take wait in memory, and no checkpoint after them is written meanwhile. The same
/// run again writes the same bytes for all keys except the timings (`step_ms`, `samples_per_second`, `data_wait_ms`,
/// `comm_wait_ms`, `checkpoint_ms`, those of the phases, `val_ms`). Every error is a `Failure(.cannotWrite)` with the
/// path.
package final class MetricsFile {
  package let path: String
  private var file: LineFile?
  private var logEveryNSteps = 1
  private var warn: (String) -> Void = { _ in }
  private var isFailing = false

  /// Nothing is opened before `open`.
  package init(path: String) { self.path = path }

  /// Opens the file to resume after `step`: lines of later steps (done after the checkpoint that is resumed, and about
  /// to be done again) and one torn by a kill are cut off, and `warn` is told of others that had to move. 0 for a new
  /// run.
  package func open(
    resumingAfter step: Int, logEveryNSteps: Int = 1, warn: @escaping (String) -> Void = { _ in }
  ) throws {
    self.logEveryNSteps = logEveryNSteps
    self.warn = warn
    try MetricsCut.cut(path, after: step, warn: warn)
    file = try LineFile(path: path)
  }

  /// Writes the step if it is one of those that are logged.
  package func append(_ record: StepRecord) throws {
    if record.step % logEveryNSteps == 0 || record.badStep != nil { try append(MetricsLine.json(record)) }
  }

  package func append(_ record: ValidationRecord) throws { try append(MetricsLine.json(record)) }

  /// Continues in a new file where the present one was removed, exchanged or cut, and says so.
  package func checkPlace() throws {
    guard let change = try file?.findChange() else { return }
    warn("\(path) was \(change.rawValue) while the run writes it: lines of earlier steps are missing there")
  }

  /// Throws `Failure(.cannotWrite)` if lines are left that the disk does not take.
  package func flush() throws { try file?.flush() }

  /// As `flush`, and waits until the disk has everything.
  package func synchronize() throws { try file?.synchronize() }

  private func append(_ line: String) throws {
    guard let file else { throw Failure(.defect, "the file of metrics is not open", at: path) }
    file.append(line)
    if let failure = file.failure, !isFailing {
      warn("metrics wait in memory, and checkpoints with them, until they can be written\n\(failure)")
    }
    isFailing = file.failure != nil
  }
}
