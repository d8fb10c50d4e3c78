import Foundation
import Reporting
import Testing

@Suite struct ConsoleTests {
  @Test func barIsRedrawnTenTimesASecondAndMessagesStandAbove() throws {
    let (scratch, clock) = (try Scratch(), Clock())
    let bar = ProgressBar(
      try scratch.handle("out"), errors: try scratch.handle("err"), width: { 80 }, now: { clock.seconds })
    try bar.runWillStart(summary())
    for step in 1...100 {
      clock.seconds += 0.01
      try bar.stepDidEnd(record(step: step))
    }
    bar.warn("something is odd")
    try bar.checkpointDidSave(step: 100, path: "run/checkpoints/step-00000100", milliseconds: 1234)
    try bar.runDidEnd(.finished, finalStep: 100, seconds: 1)

    let text = try scratch.text("out")
    #expect(text.hasPrefix("data: fashion-mnist\nranks: 2\n\repoch 1/20"))
    // The line makes room on the same terminal.
    #expect(text.contains(String(repeating: " ", count: 78) + "\r\repoch"))
    #expect(try scratch.text("err") == "bt-dist: warning: something is odd\n")
    #expect(text.contains("\rcheckpoint of step 100 saved in 1.2 s: run/checkpoints/step-00000100\n\repoch"))
    #expect(text.hasSuffix("\nfinished at step 100: 100 steps in 0:01, 25600 samples/s, loss 812.35\n"))
    let drawings = text.split(whereSeparator: { $0 == "\r" || $0 == "\n" }).filter { $0.hasPrefix("epoch") }
    #expect((10...16).contains(drawings.count))
    #expect(drawings.allSatisfy { $0.utf8.count < 80 })
  }

  @Test func aShorterLineCoversTheLongerOne() throws {
    let (scratch, clock) = (try Scratch(), Clock())
    let bar = ProgressBar(
      try scratch.handle("out"), errors: .nullDevice, width: { 140 }, now: { clock.seconds })
    try bar.runWillStart(summary(lastStep: 2))
    for step in 1...2 {
      clock.seconds += 1
      try bar.stepDidEnd(record(step: step))
    }
    let drawings = try scratch.text("out").split(separator: "\r").dropFirst()
    #expect(drawings.contains { $0.contains("ETA") })
    let screen = drawings.reduce("") { old, line in line + old.dropFirst(line.count) }
    #expect(screen.contains("2/2") && !screen.contains("ETA"))
  }

  @Test func plainLogHasALineEveryFiveSeconds() throws {
    let (scratch, clock) = (try Scratch(), Clock())
    let log = PlainLog(try scratch.handle("out"), errors: try scratch.handle("err"), now: { clock.seconds })
    try log.runWillStart(summary(firstStep: 100, lastStep: 160))
    for step in 101...160 {
      try log.stepDidEnd(record(step: step))
      clock.seconds += 0.25
    }
    try log.validationDidEnd(validation(step: 160))
    try log.checkpointDidSave(step: 160, path: "x", milliseconds: 12)
    log.warn("odd")
    try log.runDidEnd(.finished, finalStep: 160, seconds: 12)

    let lines = try scratch.text("out").split(separator: "\n")
    #expect(lines.prefix(2) == ["data: fashion-mnist", "ranks: 2"])
    let steps = lines.filter { $0.hasPrefix("step ") }.map { $0.prefix { $0 != "/" } }
    #expect(steps == ["step 101", "step 121", "step 141", "step 160"])
    #expect(
      lines[2]
        == "step 101/160  epoch 3/4  loss 812.35  62% to floor  lr 0.0003000  grad norm 1.500  1280 samples/s  ETA 0:12"
    )
    #expect(
      lines.suffix(3) == [
        "validation after step 160: loss 36.250, 2 batches in 1.2 s", "checkpoint of step 160 saved in 12 ms: x",
        "finished at step 160: 60 steps in 0:12, 1280 samples/s, loss 812.35",
      ])
    #expect(try scratch.text("err") == "bt-dist: warning: odd\n")
  }

  @Test func anInterruptedPlainLogShowsTheLastStep() throws {
    let scratch = try Scratch()
    let log = PlainLog(try scratch.handle("out"), errors: .nullDevice, now: { 0 })
    try log.runWillStart(summary())
    for step in 1...7 { try log.stepDidEnd(record(step: step)) }
    try log.runDidEnd(.interrupted("SIGTERM"), finalStep: 7, seconds: 1)
    #expect(try scratch.text("out").contains("step 7/1000"))
  }

  @Test func filesGetPlainLines() throws {
    let scratch = try Scratch()
    #expect(ConsoleObserver.make(try scratch.handle("out"), environment: ["COLUMNS": "80"]) is PlainLog)
  }

  @Test func terminalsGetABarUnlessTheyHaveNoWidth() throws {
    var (terminal, user): (Int32, Int32) = (-1, -1)
    try #require(openpty(&terminal, &user, nil, nil, nil) == 0)
    defer { close(terminal) }
    let handle = FileHandle(fileDescriptor: user, closeOnDealloc: true)
    // A new pseudo-terminal has no size: it is what mpirun gives its ranks when it writes to a file.
    #expect(ConsoleObserver.make(handle, environment: [:]) is PlainLog)
    #expect(ConsoleObserver.make(handle, environment: ["COLUMNS": "80"]) is ProgressBar)
    #expect(ConsoleObserver.make(handle, wantsBar: false, environment: ["COLUMNS": "80"]) is PlainLog)
    #expect(ConsoleObserver.make(handle, environment: ["COLUMNS": "80", "OMPI_COMM_WORLD_SIZE": "1"]) is PlainLog)
    var size = winsize(ws_row: 24, ws_col: 91, ws_xpixel: 0, ws_ypixel: 0)
    try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
    #expect(ConsoleObserver.make(handle, environment: ["OMPI_COMM_WORLD_SIZE": "1"]) is ProgressBar)
    #expect(ConsoleObserver.make(handle, environment: ["TERM": "dumb"]) is PlainLog)
  }

  @Test func aFullConsoleDoesNotEndTheRun() throws {
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    let log = PlainLog(full, errors: full, now: { 0 })
    try log.runWillStart(summary())
    try log.stepDidEnd(record(step: 1))
    try log.runDidEnd(.finished, finalStep: 1, seconds: 1)
  }
}
