import Foundation
import TestSupport
import Testing

/// Processes that are gone or told to go, at random moments of a launch: at its start, in steps, while it saves.
@Suite struct KillTests {
  /// Waits until a random moment: of the start in one case of three, otherwise of the steps and saves.
  private static func waitAtRandom(_ run: SmallRun, _ launch: Launch, _ random: inout SeededGenerator) {
    let isAtStart = Int.random(in: 0..<3, using: &random) == 0
    if !isAtStart { _ = launch.wait { run.lastStep > 0 } }
    usleep(UInt32(1e6 * Double.random(in: 0...(isAtStart ? 0.8 : 0.6), using: &random)))
  }

  /// Where a run is, in a word.
  private static func place(_ run: SmallRun, _ launch: Launch) -> String {
    if !launch.isRunning { return "at its end" }
    if run.isSaving { return "saving" }
    return run.result.lines.isEmpty ? "starting" : "stepping"
  }

  private static func atRandom(
    _ name: String, _ injected: String, _ codes: Set<Int32>, _ words: [String] = [], full: Int, ranks: Int = 2,
    resumesOn: Int = 2, _ strike: @escaping @Sendable (Launch, inout SeededGenerator) throws -> Void
  ) -> Fault {
    Fault(name: name, injected: injected, codes: codes, words: words, times: (1, full), resumesOn: resumesOn) {
      run, random in
      let launch = try run.start(ranks: ranks, [], run.slowed())
      waitAtRandom(run, launch, &random)
      let place = place(run, launch)
      // Not yet there, or already gone: the place says so.
      try? strike(launch, &random)
      return .init(launch: try launch.finish(), place: place)
    }
  }

  /// mpirun passes on 137 of a killed rank, and says 1 where one was lost before `MPI_Init`. 0: the run was over.
  static let faults = [
    atRandom("a rank is killed", "SIGKILL to a rank of 2", [137, 0, 1, 75], full: 20) {
      try $0.send(signal: SIGKILL, toRank: Int.random(in: 0..<2, using: &$1))
    },
    atRandom("a rank is killed, fewer go on", "SIGKILL to a rank of 4", [137, 0, 1, 75], full: 4, ranks: 4) {
      try $0.send(signal: SIGKILL, toRank: Int.random(in: 0..<4, using: &$1))
    },
    atRandom("mpirun is killed", "SIGKILL to mpirun", [SIGKILL, 0], full: 10, resumesOn: 4) { launch, _ in
      launch.send(signal: SIGKILL)
    },
    atRandom("SIGUSR1", "kill -USR1 to a rank or mpirun", [75, 0, 10, 138], full: 10) {
      let rank = Int.random(in: -1..<2, using: &$1)
      if rank < 0 { $0.send(signal: SIGUSR1) } else { try $0.send(signal: SIGUSR1, toRank: rank) }
    },
    atRandom("SIGTERM", "kill -TERM to a rank", [75, 0, 143], full: 10) {
      try $0.send(signal: SIGTERM, toRank: Int.random(in: 0..<2, using: &$1))
    },
    atRandom("SIGTERM and its second of grace", "kill -TERM to mpirun", [75, 0, 1, 15, 143], full: 10) { launch, _ in
      launch.send(signal: SIGTERM)
    },
  ]

  @Test(arguments: FaultSelection.of(faults, every: 2)) func atARandomMoment(_ fault: Fault) throws {
    try fault.check()
  }

  /// An impatient batch system: the run still ends with its checkpoint.
  static let impatient = Fault(
    name: "more signals while saving", injected: "SIGUSR1, then SIGTERM three times, each write 10 ms slower",
    codes: [75],
    words: ["launch again to resume"]
  ) { run, _ in
    let launch = try run.start(ranks: 2, ["--checkpoint-every-n-steps", "100"], run.slowed(by: 10))
    _ = launch.wait { run.result.lines.count >= 20 }
    try launch.send(signal: SIGUSR1, toRank: 1)
    let isSaving = launch.wait(limit: 10) { run.isSaving }
    for rank in [0, 1, 0] {
      try? launch.send(signal: SIGTERM, toRank: rank)
      usleep(20_000)
    }
    return .init(launch: try launch.finish(), problems: isSaving ? [] : ["no save was seen"])
  }

  @Test func moreSignalsWhileSaving() throws { try Self.impatient.check() }
}
