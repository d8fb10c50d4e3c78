import Diagnostics
import Foundation
import Training

/// A replay as plain lines: one a step, one a checkpoint, and how it ended.
package final class ReplayLog {
  private let console: Console
  /// Why lines are missing; the first reason.
  private var loss: Failure?
  private var steps = 0
  /// Whether the step of a bad batch was done and was good; what was compared is then beside the point.
  private var isNotBad = false

  package init(_ handle: FileHandle = .standardOutput) { console = Console(handle) }

  package func report(_ event: ReplayEvent) {
    switch event {
    case .began(let lines): for line in lines { write(line) }
    case .warning(let message): Console.errors.warn(message)
    case .step(let step):
      steps += 1
      write(Self.line(step))
    case .notBad(let step, let loss, let norm):
      isNotBad = true
      write("step \(step) is not bad: loss \(loss), gradient norm \(norm)")
    case .checkpoint(let checkpoint): write(Self.line(checkpoint))
    }
  }

  /// The last line; a replay with differences ends with an error instead.
  ///
  /// - Throws: a `Failure(.cannotWrite)` when this or an earlier line could not be written.
  package func end(_ end: RunEnd, lastStep: Int) throws {
    if !isNotBad { writeEnd(end, lastStep: lastStep) }
    if let loss { throw loss }
  }

  private func writeEnd(_ end: RunEnd, lastStep: Int) {
    let result = "\(steps.counted("step")): the same bits"
    switch end {
    case .finished, .stopped: write(result)
    case .interrupted(let signal): write("interrupted by \(signal) before step \(lastStep); \(result) so far")
    }
  }

  private func write(_ line: String) {
    do { try console.writeResult(line + "\n") } catch { loss = loss ?? error }
  }

  /// `step 4  loss recorded 48.25, replayed 48.25  same bits`; the losses in the shortest form that
  /// tells Doubles apart.
  package static func line(_ step: StepComparison) -> String {
    let differences = step.differences.map { "\($0.key) \(String(format: "%.2g", $0.relativeDifference))" }
    let verdict = differences.isEmpty ? "same bits" : "DIFFERS, relative: \(differences.joined(separator: ", "))"
    return "step \(step.step)  loss recorded \(step.loss.recorded), replayed \(step.loss.replayed)  \(verdict)"
  }

  package static func line(_ checkpoint: CheckpointComparison) -> String {
    guard let name = checkpoint.differing.first else {
      return "checkpoint of step \(checkpoint.step): the same bits in all \(checkpoint.tensors.counted("tensor"))"
    }
    return "checkpoint of step \(checkpoint.step): DIFFERS in \(checkpoint.differing.count) "
      + "of \(checkpoint.tensors.counted("tensor")), the first is \(name)"
  }
}
