import RunRecord
import Testing

@Suite struct SaveFailuresTests {
  @Test func triesComeAtGrowingPausesUntilThePatienceEnds() {
    var failures = SaveFailures(patience: 100)
    #expect(!failures.isPausing(at: 0) && !failures.isRetryDue(at: 0))
    var (time, pauses): (Double, [Double]) = (0, [])
    while !failures.failed(at: time) {
      pauses.append(failures.pause)
      #expect(failures.isPausing(at: time + failures.pause - 0.01) && !failures.isRetryDue(at: time))
      time += failures.pause
      #expect(!failures.isPausing(at: time) && failures.isRetryDue(at: time))
    }
    #expect(pauses == [1, 2, 4, 8, 16, 30, 30, 30] && time >= 100)
  }

  @Test func aSaveThatSucceedsForgetsThem() {
    var failures = SaveFailures(patience: 10)
    let early = [failures.failed(at: 0), failures.failed(at: 9)]
    failures.saved()
    #expect(!failures.isPausing(at: 9.5) && !failures.isRetryDue(at: 20))
    let late = failures.failed(at: 20)
    #expect(early == [false, false] && !late && failures.pause == 1)
  }

  @Test func withoutPatienceTheFirstOneIsTheLast() {
    var failures = SaveFailures(patience: 0)
    let isOver = failures.failed(at: 5)
    #expect(isOver)
  }
}
