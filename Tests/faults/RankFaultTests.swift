import Foundation
import TestSupport
import Testing

/// Ranks that are unlike the others, hang, or are another number than before; clocks that jump.
@Suite struct RankFaultTests {
  private static func ranks(
    _ before: Int, _ after: Int, _ injected: String = "SIGUSR1", isRounded: Bool = false
  ) -> Fault {
    Fault(
      name: "\(before) ranks, then \(after)", injected: "\(injected), then mpirun -np \(after)", codes: [75],
      resumesOn: after, isRounded: isRounded
    ) { run, _ in
      let launch = try run.start(ranks: before, [], run.slowed())
      _ = launch.wait { run.result.lines.count >= 10 }
      launch.send(signal: SIGUSR1)
      return .init(launch: try launch.finish())
    }
  }

  /// Seconds after the start, and how far the clock of the day is off from then on.
  private static let jumps: [(after: Double, offset: Int)] = [(0.3, 86_400), (0.6, -86_400), (0.9, 0)]

  static let clock = Fault(
    name: "clocks jump", injected: "rank 0's CLOCK_REALTIME a day ahead, a day back, and right again", codes: [0],
    resumesOn: nil
  ) { run, _ in .init(launch: try run.start(ranks: 2, [], .clock(jumps)).finish()) }

  @Test func clocksThatJump() throws { try Self.clock.check() }

  static let others = [
    ranks(4, 2), ranks(2, 4),
    Fault(
      name: "a rank hangs", injected: "SIGSTOP to rank 1, --stall-timeout 2", codes: [75], words: ["is late"]
    ) { run, _ in
      let launch = try run.start(ranks: 2, ["--stall-timeout", "2"], run.slowed())
      _ = launch.wait { run.result.lines.count >= 20 }
      try launch.send(signal: SIGSTOP, toRank: 1)
      return .init(launch: try launch.finish(limit: 60))
    },
    Fault(
      name: "another binary on a rank", injected: "rank 1 runs a copy of another byte", codes: [64],
      words: ["executable", "rank 1"]
    ) { run, _ in
      var first = run
      first.steps = 9
      try first.finish(ranks: 2)
      let own = try RankCall("bt-dist", []).path
      let other = try run.folder.write("bt-dist", try readBytes(own) + [0])
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: other)
      let calls = [RankCall(own, run.arguments()), RankCall(other, run.arguments())]
      return .init(launch: try Launch.run(calls))
    },
  ]

  /// Much of this runs in CI elsewhere: ResumeTests, StallTests, AgreementTests.
  @Test(.enabled(if: FaultSelection.isFull), arguments: others) func otherRanks(_ fault: Fault) throws {
    try fault.check()
  }

  // MARK: Equal to rounding

  /// 12 shards, so that 3 ranks share them out.
  static let rounded = [ranks(2, 3, "12 shards; SIGUSR1", isRounded: true), ranks(3, 1, "the same", isRounded: true)]

  @Test(.enabled(if: FaultSelection.isFull), arguments: rounded) func threeRanks(_ fault: Fault) throws {
    let options = SmallRun.merge(SmallRun.options, ["--shards", "12", "--batch-size", "24"])
    try fault.check { try SmallRun(steps: 60, options: options) }
  }

  // MARK: Data

  /// The run reads `x.npy` of its ranks' working folders.
  private func makeRun(_ folder: TemporaryFolder) throws -> SmallRun {
    let data = try folder.npy("x.npy", [56, 12], normalNumbers(56 * 12, seed: 3))
    return try SmallRun(steps: 30, options: SmallRun.merge(SmallRun.options, ["--data", "npy:\(data)"]))
  }

  @Test(.enabled(if: FaultSelection.isFull)) func dataOfOneRank() throws {
    let folder = try TemporaryFolder()
    let whole = try makeRun(folder)
    let (good, path) = (normalNumbers(56 * 12, seed: 3), folder.file("x.npy"))
    let bad = good.enumerated().map { $0.offset == 20 * 12 + 3 ? .nan : $0.element }
    let faults = [
      Fault(
        name: "a NaN in the data", injected: "in one sample, mended before the next launch", codes: [65],
        words: ["x.npy, sample 20"]
      ) { run, _ in
        var first = run
        first.steps = 9
        try first.finish(ranks: 2)
        try folder.npy("x.npy", [56, 12], bad)
        let result = try run.finish(ranks: 2)
        try folder.npy("x.npy", [56, 12], good)
        return .init(launch: result)
      },
      Fault(
        name: "data missing on a rank", injected: "rank 1 opens another path, which is not there", codes: [64, 65],
        words: ["rank 1"]
      ) { run, _ in
        let host = try run.folder.folder("host")
        try run.folder.npy("x.npy", [56, 12], good)
        let calls = [run.folder.path, host].map {
          RankCall("bt-dist", run.arguments(["--data", "npy:x.npy"]), folder: $0)
        }
        return .init(launch: try Launch.run(calls))
      },
    ]
    for fault in faults { try fault.check { try SmallRun(steps: 30, options: whole.options) } }
    #expect(FileManager.default.fileExists(atPath: path))
  }
}
