import Foundation
import TestSupport
import Testing

/// A run that is interrupted hundreds of times, at random moments and on changing numbers of ranks, and loses nothing.
///
/// `launch/test --soak N` runs it with N interruptions; it takes about 2 s for each.
@Suite struct SoakTests {
  private static let interruptions = ProcessInfo.processInfo.environment["BT_DIST_SOAK"].flatMap { Int($0) } ?? 0

  private enum Kind: String, CaseIterable {
    case rankKilled = "SIGKILL of a rank"
    case mpirunKilled = "SIGKILL of mpirun"
    case user = "SIGUSR1"
    case terminate = "SIGTERM"

    /// False if there was nothing to interrupt: the launch had ended, or had no such rank yet.
    func strike(_ launch: Launch, ranks: Int, _ random: inout SeededGenerator) -> Bool {
      guard launch.isRunning else { return false }
      let rank = Int.random(in: -1..<ranks, using: &random)
      func send(_ signal: Int32) -> Bool {
        if rank < 0 {
          launch.send(signal: signal)
          return true
        }
        return (try? launch.send(signal: signal, toRank: rank)) != nil
      }
      switch self {
      case .rankKilled: return (try? launch.send(signal: SIGKILL, toRank: max(0, rank))) != nil
      case .mpirunKilled:
        launch.send(signal: SIGKILL)
        return true
      case .user: return send(SIGUSR1)
      case .terminate: return send(SIGTERM)
      }
    }
  }

  /// What has happened so far.
  private struct Tally {
    var kinds: [Kind: Int] = [:]
    var places: [String: Int] = [:]
    var codes: [Int32: Int] = [:]
    var (launches, redone, repeated) = (0, 0, 0)
    var problems: [String] = []

    var interruptions: Int { kinds.values.reduce(0, +) }
  }

  /// A little longer steps and saves, so that there are some to interrupt.
  private static let options = SmallRun.merge(
    SmallRun.options, ["--mlp-hidden", "64,32", "--checkpoint-every-n-steps", "5"])

  @Test(.enabled(if: interruptions > 0)) func interruptedAgainAndAgain() throws {
    let start = Date()
    var run = try SmallRun(steps: 100_000_000, options: Self.options)
    var random = SeededGenerator(FaultSelection.seed)
    var tally = Tally()
    while tally.interruptions < Self.interruptions, tally.problems.isEmpty {
      try interrupt(run, &tally, &random)
      if tally.launches % 25 == 0 {
        print("soak: \(tally.interruptions) interruptions, step \(run.result.checkpoints.last ?? 0)")
      }
      if tally.launches > 3 * Self.interruptions + 20 { tally.problems.append("too many launches hit nothing") }
    }
    // To the end: a few steps more, whatever the last one left.
    run.steps = (run.result.checkpoints.last ?? 0) + 10
    let end = try run.finish(ranks: 2)
    #expect(end.code == 0, "\(end.text)")
    let undisturbed = try run.undisturbed()
    let (lost, altered) = try Self.compare(run.result, undisturbed.result)
    let difference = try run.difference(from: undisturbed)
    #expect(tally.problems.isEmpty && lost == 0 && altered == 0 && difference == nil)
    let minutes = String(format: "%.1f", Date().timeIntervalSince(start) / 60)
    let kinds = Kind.allCases.map { "\(tally.kinds[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
    let places = tally.places.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    let line =
      "\(tally.interruptions) interruptions (\(kinds); \(places)), \(tally.launches + 1) launches on 1, 2 and 4 ranks, "
      + "\(run.steps) steps, \(tally.redone) redone, \(lost) lost, \(altered) altered, \(minutes) minutes"
    print("soak: \(line)")
    print("soak: \(tally.repeated) signals had to be given again, as mpirun had no ranks yet")
    print("soak: exit codes \(tally.codes.sorted { $0.key < $1.key }.map { "\($0.key) ×\($0.value)" })")
    for problem in tally.problems { print("soak: \(problem)") }
    let passed = tally.problems.isEmpty && difference == nil
    FaultTable.add(
      .init(
        name: "soak", injected: "random moments, kinds and ranks, seed \(FaultSelection.seed)",
        expected: "0 lost, 0 altered; same bits", seen: line + "; " + (difference ?? "same bits"), passed: passed))
  }

  private func interrupt(_ run: SmallRun, _ tally: inout Tally, _ random: inout SeededGenerator) throws {
    let ranks = [1, 2, 4].randomElement(using: &random)!
    let kind = Kind.allCases.randomElement(using: &random)!
    let before = run.lastStep
    let launch = try run.start(ranks: ranks, [], run.slowed(by: 2))
    tally.launches += 1
    // One of three during the start.
    let isAtStart = Int.random(in: 0..<3, using: &random) == 0
    if !isAtStart { _ = launch.wait { run.lastStep != before } }
    usleep(UInt32(1e6 * Double.random(in: 0...0.8, using: &random)))
    let place = run.isSaving ? "while saving" : run.lastStep != before ? "in steps" : "at the start"
    let isStruck = kind.strike(launch, ranks: ranks, &random)
    if isStruck {
      tally.kinds[kind, default: 0] += 1
      tally.places[place, default: 0] += 1
    } else {
      // No such rank yet: this one ends in another way.
      launch.send(signal: SIGUSR1)
    }
    _ = launch.wait(limit: 6) { false }
    if launch.isRunning {
      // mpirun passes a signal on to the ranks that are there: before them it is lost.
      tally.repeated += 1
      launch.send(signal: SIGUSR1)
    }
    let result = try launch.finish()
    tally.codes[result.code, default: 0] += 1
    if !run.ranksAreGone() { tally.problems.append("ranks were left running after \(kind.rawValue)") }
    for wrong in ["bt-dist: error", "skipping a checkpoint"] where result.text.contains(wrong) {
      tally.problems.append("after \(kind.rawValue): \(result.text)")
    }
    // A launch that did no step has left the metrics of the one before.
    if run.lastStep != before { tally.redone += max(0, run.lastStep - (run.result.checkpoints.last ?? 0)) }
  }

  /// Lines of the undisturbed run that are missing, and those that are different.
  private static func compare(_ run: RunResult, _ undisturbed: RunResult) throws -> (lost: Int, altered: Int) {
    let (found, expected) = (Set(try run.metrics()), try undisturbed.metrics())
    let steps = Set(try run.order())
    let missing = zip(expected, try undisturbed.order()).filter { !found.contains($0.0) }
    let altered = missing.count { steps.contains($0.1) }
    return (missing.count - altered, altered)
  }
}
