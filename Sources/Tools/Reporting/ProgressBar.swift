import Diagnostics
import Foundation
import RunRecord
import Training

/// A run on a terminal: one line that is redrawn at most ten times a second, messages on their own lines above it.
///
/// The line is redrawn with a carriage return and spaces, without escape sequences, and leaves the last column free, so
/// that it never wraps. Its width is asked for at each drawing and follows the window.
package final class ProgressBar: Callback {
  private let console: Console
  /// Where warnings go, as errors do.
  private let errors: Console
  private let width: () -> Int
  private let now: () -> Double
  private var progress = RunProgress()
  private var lastDrawing = -Double.infinity
  /// Characters of the line on the screen.
  private var shown = 0
  private var isRunning = false

  package convenience init(
    _ handle: FileHandle = .standardOutput, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let descriptor = handle.fileDescriptor
    self.init(
      handle, errors: .standardError, width: { Terminal.width(of: descriptor, environment: environment) ?? 80 },
      now: monotonicSeconds)
  }

  /// `width` in columns, `now` in seconds.
  package init(
    _ handle: FileHandle, errors: FileHandle, width: @escaping () -> Int, now: @escaping () -> Double
  ) {
    console = Console(handle)
    self.errors = Console(errors)
    self.width = width
    self.now = now
  }

  package func runWillStart(_ summary: RunSummary, _ control: RunControl) throws {
    progress.start(summary)
    isRunning = true
    console.write(summary.lines.map { $0 + "\n" }.joined())
    draw()
  }

  package func stepDidEnd(_ record: StepRecord) throws {
    progress.add(record)
    if progress.isLastStep || now() - lastDrawing >= 0.1 { draw() }
  }

  package func validationDidEnd(_ record: ValidationRecord) throws {
    progress.add(record)
    draw()
  }

  package func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws {
    printAbove(Wording.checkpoint(step: step, path: path, milliseconds: milliseconds))
  }

  package func memoryWasMeasured(predicted: Int, peak: Int) throws {
    printAbove(Wording.memory(predicted: predicted, peak: peak))
  }

  package func warn(_ message: String) {
    clear()
    errors.warn(message)
    if isRunning { draw() }
  }

  package func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws {
    draw()
    isRunning = false
    shown = 0
    console.write("\n\(progress.ending(end, finalStep: finalStep, seconds: seconds))\n")
  }

  /// Leaves the line on the screen as it is and continues below it, however the run ends.
  deinit { if isRunning { console.write("\n") } }

  private func draw() {
    lastDrawing = now()
    let columns = max(1, width() - 1)
    let line = progress.bar(width: columns)
    let blanks = max(0, min(shown, columns) - line.utf8.count)
    console.redraw(line + String(repeating: " ", count: blanks))
    shown = line.utf8.count
  }

  private func printAbove(_ message: String) {
    clear()
    console.write(message + "\n")
    if isRunning { draw() }
  }

  /// Takes the line off the screen, for text that is written elsewhere.
  private func clear() {
    console.clear(columns: min(shown, max(1, width() - 1)))
    shown = 0
  }
}
