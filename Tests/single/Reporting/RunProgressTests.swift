import Reporting
import Testing

@Suite struct RunProgressTests {
  private func progress(step: Int) -> RunProgress {
    var progress = RunProgress()
    progress.start(summary())
    if step > 0 { progress.add(record(step: step)) }
    return progress
  }

  @Test func wideBarHasEverything() {
    let bar = progress(step: 450).bar(width: 120)
    #expect(bar.hasPrefix("epoch 9/20  [====="))
    #expect(bar.hasSuffix("]  45% 450/1000  loss 812.35  62% to floor  1280 samples/s  ETA 1:50"))
    #expect(bar.count <= 120)
  }

  @Test func theLastValidationIsShown() throws {
    var progress = progress(step: 450)
    progress.add(validation(step: 400))
    #expect(progress.bar(width: 120).contains("62% to floor  val 36.250  1280 samples/s"))
    for width in 0..<200 { #expect(progress.bar(width: width).utf8.count <= width) }
  }

  @Test func aRunWithoutAnEndShowsNone() {
    var progress = RunProgress()
    progress.start(summary(lastStep: .max))
    progress.add(record(step: 450))
    #expect(progress.bar(width: 120).hasPrefix("epoch 9  [") && progress.bar(width: 120).contains("0% 450  loss"))
    #expect(progress.line.hasPrefix("step 450  epoch 9  loss") && !progress.line.contains("ETA"))
    #expect(
      progress.ending(.interrupted("SIGTERM"), finalStep: 450, seconds: 90).hasPrefix(
        "interrupted by SIGTERM at step 450: 450 steps"))
  }

  @Test(arguments: 0..<200) func barFitsEveryWidth(width: Int) {
    for step in [0, 1, 450, 1000] {
      let bar = progress(step: step).bar(width: width)
      #expect(bar.utf8.count <= width)
      #expect(bar.allSatisfy { $0.isASCII && !$0.isNewline })
    }
  }

  @Test func narrowBarsKeepWhatMatters() {
    #expect(progress(step: 450).bar(width: 28) == "45% 450/1000  loss 812.35")
    #expect(progress(step: 450).bar(width: 12) == "45% 450/1000")
    #expect(progress(step: 450).bar(width: 60).contains("[==="))
  }

  @Test func barIsEmptyAtTheStartAndFullAtTheEnd() {
    #expect(progress(step: 0).bar(width: 80).hasPrefix("epoch 1/20  [>  "))
    #expect(!progress(step: 0).bar(width: 80).contains("loss"))
    let end = progress(step: 1000).bar(width: 120)
    #expect(end.contains("===]  100% 1000/1000"))
    #expect(end.hasPrefix("epoch 20/20"))
    #expect(!end.contains("ETA"))
  }

  @Test func paceFollowsSlowly() {
    var pace = Pace()
    #expect(pace.secondsPerStep == nil)
    for _ in 0..<50 { pace.add(seconds: 0.1) }
    #expect(abs((pace.secondsPerStep ?? 0) - 0.1) < 1e-12)
    for _ in 0..<10 { pace.add(seconds: 0.2) }
    #expect((0.11...0.15).contains(pace.secondsPerStep ?? 0))
    for _ in 0..<1000 { pace.add(seconds: 0.2) }
    #expect(abs((pace.secondsPerStep ?? 0) - 0.2) < 1e-4)
  }

  @Test func badNumbersAreShown() {
    var bad = record(step: 3)
    (bad.loss, bad.gradNorm, bad.stepMs) = (.nan, .infinity, 0)
    var progress = RunProgress()
    progress.start(summary(lastStep: 0, stepsPerEpoch: 0))
    progress.add(bad)
    #expect(progress.bar(width: 100).contains("loss nan"))
    #expect(progress.line.contains("grad norm inf"))
  }

  @Test(arguments: [
    (0, "0:00"), (59.6, "1:00"), (754, "12:34"), (3723, "1:02:03"), (273_900, "3d 04:05"), (.nan, "?"), (-1, "?"),
  ])
  func durations(seconds: Double, text: String) { #expect(Wording.duration(seconds) == text) }

  @Test func endings() {
    #expect(
      progress(step: 1000).ending(.finished, finalStep: 1000, seconds: 200)
        == "finished at step 1000: 1000 steps in 3:20, 1280 samples/s, loss 812.35")
    #expect(
      progress(step: 450).ending(.stopped("enough"), finalStep: 450, seconds: 90)
        == "stopped at step 450: enough: 450 steps in 1:30, 1280 samples/s, loss 812.35")
    var withoutCheckpoints = RunProgress()
    var plain = summary()
    plain.savesCheckpoints = false
    withoutCheckpoints.start(plain)
    #expect(
      withoutCheckpoints.ending(.interrupted("SIGUSR1"), finalStep: 4, seconds: 1).hasSuffix("no checkpoint was saved"))
    #expect(
      progress(step: 450).ending(.interrupted("SIGUSR1"), finalStep: 450, seconds: 90).hasPrefix(
        "interrupted by SIGUSR1 at step 450 of 1000: 450 steps in 1:30"))
  }
}
