import Diagnostics
import Files

/// The steps that a run's `metrics.jsonl` holds. Validations are left out: they change nothing that a step computes.
///
/// Unreadable lines (the last one of a run that was killed) are skipped. Only the lines that are asked for are
/// decoded: a file may have a million.
package struct RecordedMetrics {
  package let path: String
  private let file: InputFile
  private var lines: [Int: Range<Int>] = [:]
  /// Those that were bad and after which the run continued, whether or not they are among the steps that are logged.
  package private(set) var badSteps: [Int: BadStepOutcome] = [:]
  /// The last step; 0 when there is none.
  package private(set) var lastStep = 0

  /// Finds the lines. A file that is missing is a `Failure(.data)`, and so is one without a step.
  package init(path: String) throws {
    self.path = path
    do { file = try InputFile(path: path) } catch let failure as Failure {
      throw Failure(
        .data, "the run has no metrics that can be read: \(failure.message)", at: path,
        expected: "a line for each step", remedy: "give the folder of a run that has done a step")
    }
    try file.forEachLine { line, bytes in
      guard let place = MetricsLine.place(of: line), place.step >= 1, !place.isValidation else { return }
      lines[place.step] = bytes
      lastStep = max(lastStep, place.step)
      badSteps[place.step] = MetricsLine.badStep(of: line)
    }
    guard lastStep > 0 else {
      throw Failure(
        .data, "the run has recorded no step", at: path, expected: "a line for each step",
        found: "\(file.bytes.counted("byte")) without one", remedy: "give the folder of a run that has done a step")
    }
  }

  /// What was recorded of a step to the bit, in the order of `StepRecord.exactNumbers`.
  package func exactNumbers(of step: Int) throws -> [Double] {
    guard let place = lines[step] else {
      throw Failure(
        .data, "a step between the replay's first and last is not recorded", at: path,
        expected: "a readable line of step \(step)",
        remedy: "choose a \(option: "step") before it, or a \(option: "first-step") after a later checkpoint")
    }
    let line = try file.bytes(place)[...]
    guard let numbers = MetricsLine.exactNumbers(of: line) else {
      throw Failure(
        .data, "the line of step \(step) does not hold its numbers to the bit", at: path,
        expected: StepRecord().exactNumbers.map { "\($0.key)_bits" }.joined(separator: ", ")
          + ", each 16 hexadecimal digits",
        remedy: "a run of an older bt-dist must be trained again; otherwise restore the file")
    }
    if let found = MetricsLine.contradiction(in: line) {
      throw Failure(
        .data, "the line of step \(step) was changed: its digits and its bits are two numbers", at: path,
        expected: "\(found.key) \(found.bits), by its bits", found: "\(found.key) \(found.digits)",
        remedy: "restore the file")
    }
    return numbers
  }

  /// Throws a usage failure for a step before the first or after the last recorded one; `option` asked for it.
  package func requireRange(_ step: Int, option: String) throws {
    guard step < 1 || step > lastStep else { return }
    throw Failure(
      .usage, "the step is not recorded", at: option, expected: "1 to \(lastStep), the steps in \(path)",
      found: "\(step)",
      remedy: step < 1 ? "steps are counted from 1" : "give \(option: "step") \(lastStep) or one before it")
  }
}
