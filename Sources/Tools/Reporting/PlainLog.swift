import Diagnostics
import Foundation
import RunRecord
import Training

/// A run as plain lines, for pipes and the logs of batch systems.
///
/// First the summary, then a line for the first step of the launch, one every five seconds, and one for the last step;
/// validations, checkpoints and warnings as they come; at the end the totals.
package final class PlainLog: Callback {
  private static let interval = 5.0
  private let console: Console
  /// Where warnings go, as errors do.
  private let errors: Console
  private let now: () -> Double
  private var progress = RunProgress()
  private var lastLine: Double?
  /// The step that the last line showed.
  private var shownStep = 0

  package convenience init(_ handle: FileHandle = .standardOutput) {
    self.init(handle, errors: .standardError, now: monotonicSeconds)
  }

  /// `now` in seconds.
  package init(_ handle: FileHandle, errors: FileHandle, now: @escaping () -> Double) {
    console = Console(handle)
    self.errors = Console(errors)
    self.now = now
  }

  package func runWillStart(_ summary: RunSummary, _ control: RunControl) throws {
    progress.start(summary)
    shownStep = summary.firstStep
    lastLine = nil
    console.write(summary.lines.map { $0 + "\n" }.joined())
  }

  package func stepDidEnd(_ record: StepRecord) throws {
    progress.add(record)
    if let lastLine, !progress.isLastStep, now() - lastLine < Self.interval { return }
    writeLine()
  }

  package func validationDidEnd(_ record: ValidationRecord) throws {
    console.write(Wording.validation(record) + "\n")
  }

  package func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws {
    console.write(Wording.checkpoint(step: step, path: path, milliseconds: milliseconds) + "\n")
  }

  package func memoryWasMeasured(predicted: Int, peak: Int) throws {
    console.write(Wording.memory(predicted: predicted, peak: peak) + "\n")
  }

  package func warn(_ message: String) { errors.warn(message) }

  package func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws {
    if progress.record.step > shownStep { writeLine() }
    console.write(progress.ending(end, finalStep: finalStep, seconds: seconds) + "\n")
  }

  private func writeLine() {
    lastLine = now()
    shownStep = progress.record.step
    console.write(progress.line + "\n")
  }
}
