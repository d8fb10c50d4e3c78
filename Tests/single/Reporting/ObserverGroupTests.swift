import Diagnostics
import Reporting
import Testing
import Training

@Suite struct ObserverGroupTests {
  private final class Spy: TrainingObserver {
    var heard: [String] = []
    var error: Failure?

    private func hear(_ event: String) throws {
      heard.append(event)
      if let error { throw error }
    }

    func runWillStart(_ summary: RunSummary) throws { try hear("start \(summary.lastStep)") }
    func stepDidEnd(_ record: StepRecord) throws { try hear("step \(record.step)") }
    func checkpointDidSave(step: Int, path: String, milliseconds: Double) throws { try hear("saved \(step) \(path)") }
    func warn(_ message: String) { heard.append(message) }
    func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) throws { try hear("end \(finalStep)") }
  }

  @Test func allHearEverything() throws {
    let spies = [Spy(), Spy()]
    let group = ObserverGroup(spies)
    try group.runWillStart(summary())
    try group.stepDidEnd(record(step: 1))
    try group.checkpointDidSave(step: 1, path: "p", milliseconds: 1)
    group.warn("w")
    try group.runDidEnd(.finished, finalStep: 1, seconds: 1)
    for spy in spies { #expect(spy.heard == ["start 1000", "step 1", "saved 1 p", "w", "end 1"]) }
  }

  @Test func anErrorIsThrownAfterAllHaveHeard() throws {
    let spies = [Spy(), Spy(), Spy()]
    spies[0].error = Failure(.cannotWrite, "first")
    spies[1].error = Failure(.cannotWrite, "second")
    #expect(throws: Failure(.cannotWrite, "first")) { try ObserverGroup(spies).stepDidEnd(record(step: 1)) }
    #expect(spies[2].heard == ["step 1"])
  }
}
