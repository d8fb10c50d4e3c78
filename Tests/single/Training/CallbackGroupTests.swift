import Diagnostics
import RunRecord
import Testing
import Training

@Suite struct CallbackGroupTests {
  private final class Spy: Callback {
    var heard: [String] = []
    var error: Failure?

    private func hear(_ event: String) throws {
      heard.append(event)
      if let error { throw error }
    }

    func runWillStart(_ summary: RunSummary, _ control: RunControl) throws {
      try hear("start \(summary.lastStep)")
      control.requestStop("\(heard.count)")
    }
    func stepDidEnd(_ record: StepRecord) throws { try hear("step \(record.step)") }
    func validationWillStart(step: Int, batches: Int) throws { try hear("validation \(step) \(batches)") }
    func validationDidEnd(_ record: ValidationRecord) throws { try hear("validated \(record.step)") }
    func epochDidEnd(_ record: EpochRecord) throws { try hear("epoch \(record.epoch)") }
    func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws { try hear("saved \(step) \(path)") }
    func memoryWasMeasured(predicted: Int, peak: Int) throws { try hear("memory \(predicted) \(peak)") }
    func warn(_ message: String) { heard.append(message) }
    func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws { try hear("end \(finalStep)") }
  }

  @Test func allHearEverything() throws {
    let spies = [Spy(), Spy()]
    let group = CallbackGroup(spies)
    let control = RunControl()
    try group.runWillStart(summary(), control)
    #expect(control.stopReason == "1")
    try group.stepDidEnd(record(step: 1))
    try group.validationWillStart(step: 1, batches: 2)
    try group.validationDidEnd(validation(step: 1))
    try group.epochDidEnd(EpochRecord(epoch: 3, step: 1, loss: validation(step: 1).loss))
    try group.checkpointDidSave(step: 1, path: "p", milliseconds: 1)
    try group.memoryWasMeasured(predicted: 2, peak: 3)
    group.warn("w")
    try group.runDidEnd(.finished, finalStep: 1, seconds: 1)
    for spy in spies {
      #expect(
        spy.heard == [
          "start 1000", "step 1", "validation 1 2", "validated 1", "epoch 3", "saved 1 p", "memory 2 3", "w", "end 1",
        ])
    }
  }

  @Test func anErrorIsThrownAfterAllHaveHeard() throws {
    let spies = [Spy(), Spy(), Spy()]
    spies[0].error = Failure(.cannotWrite, "first")
    spies[1].error = Failure(.cannotWrite, "second")
    #expect(throws: Failure(.cannotWrite, "first")) { try CallbackGroup(spies).stepDidEnd(record(step: 1)) }
    #expect(spies[2].heard == ["step 1"])
  }

  /// A callback need not care about what it has no use for.
  @Test func everyMethodHasADefault() throws {
    final class Silent: Callback {}
    let (group, control) = (CallbackGroup([Silent()]), RunControl())
    try group.runWillStart(summary(), control)
    try group.stepDidEnd(record(step: 1))
    try group.validationDidEnd(validation(step: 1))
    try group.runDidEnd(.finished, finalStep: 1, seconds: 1)
    #expect(control.stopReason == nil)
  }
}
