import Diagnostics
import RunRecord
import Training

/// Where a run is: the state that the progress bar and the plain log show.
package struct RunProgress: Sendable {
  package private(set) var summary = RunSummary()
  package private(set) var record = StepRecord()
  /// The last validation of this launch.
  package private(set) var validation: ValidationRecord?
  private var pace = Pace()

  package init() {}

  package mutating func start(_ summary: RunSummary) {
    self = RunProgress()
    self.summary = summary
    record.step = summary.firstStep
  }

  package mutating func add(_ record: StepRecord) {
    self.record = record
    pace.add(seconds: record.stepMs / 1000)
  }

  package mutating func add(_ validation: ValidationRecord) { self.validation = validation }

  /// Whether the run has no last step.
  private var isEndless: Bool { summary.lastStep == .max }

  package var isLastStep: Bool { record.step >= summary.lastStep }

  /// From 1; the epoch of the last step done.
  package var epoch: Int { max(1, (record.step + perEpoch - 1) / perEpoch) }
  private var epochs: Int { max(1, (summary.lastStep + perEpoch - 1) / perEpoch) }
  /// `450/1000`, `450` in a run without an end.
  package var stepText: String { isEndless ? "\(record.step)" : "\(record.step)/\(summary.lastStep)" }
  package var epochText: String { isEndless ? "\(epoch)" : "\(epoch)/\(epochs)" }
  private var perEpoch: Int { max(1, summary.stepsPerEpoch) }

  /// The part of the run that is done, 0...1.
  package var fraction: Double {
    summary.lastStep > 0 ? max(0, min(1, Double(record.step) / Double(summary.lastStep))) : 0
  }

  package var samplesPerSecond: Double? { pace.secondsPerStep.map { Double(summary.batchSize) / $0 } }

  /// Seconds to the last step at the present pace; validations, checkpoints and other pauses are not foreseen.
  package var secondsLeft: Double? {
    isEndless ? nil : pace.secondsPerStep.map { $0 * Double(max(0, summary.lastStep - record.step)) }
  }

  /// How the run ended, with totals.
  package func ending(_ end: RunEnd, finalStep: Int, seconds: Double) -> String {
    let steps = max(0, finalStep - summary.firstStep)
    let rate = seconds > 0 ? Double(steps * summary.batchSize) / seconds : 0
    var totals = "\(steps.counted("step")) in \(Wording.duration(seconds)), \(Wording.rate(rate)) samples/s"
    if steps > 0 { totals += ", loss \(Wording.number(record.loss))" }
    return switch end {
    case .finished: "finished at step \(finalStep): \(totals)"
    case .stopped(let reason): "stopped at step \(finalStep): \(reason): \(totals)"
    case .interrupted(let signal):
      "interrupted by \(signal) at step \(finalStep)\(isEndless ? "" : " of \(summary.lastStep)"): \(totals); "
        + (summary.savesCheckpoints ? "launch again to resume" : "no checkpoint was saved")
    }
  }
}
