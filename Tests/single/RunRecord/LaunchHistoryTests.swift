import Replaying
import RunRecord
import Testing

@Suite struct LaunchHistoryTests {
  /// Resumed from before earlier launches, a run does their steps again.
  @Test func theLastLaunchThatBeganBeforeAStepDidIt() {
    let (a, b, c, d) = (launch(from: 1), launch(from: 7), launch(from: 10), launch(from: 4))
    let history = LaunchHistory([a, b, c, d])
    #expect((1...3).allSatisfy { history.launch(of: $0) == a })
    #expect((4...20).allSatisfy { history.launch(of: $0) == d })
    #expect(history.launches(of: 1...20) == [a, d] && history.launches(of: 5...9) == [d])
    #expect(LaunchHistory([a, b, c]).launches(of: 2...12) == [a, b, c])
    #expect(LaunchHistory([b]).launch(of: 6) == nil && LaunchHistory([]).launches(of: 1...3) == [])
  }

  @Test func causesAreWhatIsNotAsRecorded() {
    let recorded = launch(from: 1)
    #expect(ReplayCauses.differences(recorded: recorded, present: recorded) == [])
    var present = recorded
    present.ranks = 2
    #expect(ReplayCauses.differences(recorded: recorded, present: present) == [])
    present.isIndependentOfRanks = false
    #expect(ReplayCauses.differences(recorded: recorded, present: present).count == 1)
    present = launch(from: 1, threads: 3)
    present.kernels.oneDNN = "another"
    let remedy = ReplayCauses.remedy(recorded: recorded, present: present)
    #expect(remedy.contains("recorded with oneDNN, replayed with another"))
    #expect(remedy.contains("recorded with 1 thread a rank, replayed with 3 threads a rank"))
    #expect(ReplayCauses.remedy(recorded: recorded, present: recorded).contains("config.json"))
  }
}
