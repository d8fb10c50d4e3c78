import Foundation
import TestSupport
import Testing

/// A rank that does not come is named by every rank that waits for it, and in the end the job ends.
@Suite struct StallTests {
  /// Hours of small steps.
  private static let options = [
    "--data", "synthetic:1x8x8,n=72", "--encoder", "resnet18", "--width", "16", "--proj-hidden-dim", "16",
    "--proj-output-dim", "24", "--batch-size", "24", "--lr-scheduler", "none", "--checkpoint-every-n-steps", "5",
  ]

  private func start(_ out: String, ranks: Int, _ options: [String]) throws -> Launch {
    try Launch("bt-dist", ["train", "--out", out] + Self.options + options, ranks: ranks)
  }

  /// Lines of the waiting ranks: `bt-dist: rank 1 on host has waited for 3 s at step 7, place: rank 2 on host is late`.
  private func reports(_ result: LaunchResult) -> [(rank: Int, step: Int, place: String, late: Int)] {
    result.errors.matches(
      of: /bt-dist: rank (\d+) on \S+ has waited for \d+ s at step (\d+), (.*): rank (\d+) on \S+ is late\n/
    ).map { (Int($0.1)!, Int($0.2)!, String($0.3), Int($0.4)!) }
  }

  @Test(arguments: [(ranks: 2, stopped: 0), (3, 1), (4, 2)])
  func aStoppedRankIsNamedAndTheJobEnds(_ call: (ranks: Int, stopped: Int)) throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let launch = try start(
      run.path, ranks: call.ranks, ["--max-steps", "1000000", "--max-epochs", "1000000", "--stall-timeout", "1"])
    #expect(launch.wait { run.lines.count >= 12 })
    try launch.send(signal: SIGSTOP, toRank: call.stopped)
    let result = try launch.finish(limit: 60)
    #expect(result.code == 75, "\(result.text)")
    let reports = reports(result)
    #expect(reports.map(\.rank).sorted() == (0..<call.ranks).filter { $0 != call.stopped }, "\(result.text)")
    #expect(reports.allSatisfy { $0.late == call.stopped }, "\(result.text)")
    #expect(Set(reports.map(\.step)).count == 1 && reports.allSatisfy { $0.step >= 12 && !$0.place.isEmpty })
    let errors = result.errors.matches(
      of: /bt-dist: error: step \d+, .*: the job hangs: rank (\d+) on \S+ is late/)
    #expect(errors.count == 1 && errors.first.map { Int($0.1)! } == call.stopped, "\(result.text)")
    #expect(result.errors.contains("launch again"))
    // The next launch resumes.
    #expect(try start(run.path, ranks: call.ranks, ["--max-steps", "100"]).finish().code == 0)
    #expect(try run.metrics().count == 100)
  }

  /// A rank that comes back before the second limit does no harm.
  @Test func aRankThatComesBackGoesOn() throws {
    let folder = try TemporaryFolder()
    let (run, whole) = (RunResult(folder.file("run")), RunResult(folder.file("whole")))
    let options = ["--max-steps", "120", "--stall-timeout", "3"]
    let launch = try start(run.path, ranks: 2, options)
    #expect(launch.wait { run.lines.count >= 12 })
    try launch.send(signal: SIGSTOP, toRank: 1)
    #expect(launch.wait(limit: 20) { launch.errors.contains("rank 1 on") && launch.errors.contains("is late") })
    try launch.send(signal: SIGCONT, toRank: 1)
    let result = try launch.finish(limit: 60)
    #expect(result.code == 0, "\(result.text)")
    #expect(result.errors.contains(/rank 0 on \S+ continues after \d+ s/), "\(result.text)")
    #expect(result.errors.contains(/rank 1 on \S+ kept the others waiting: \d+ s/), "\(result.text)")
    #expect(try start(whole.path, ranks: 2, options).finish().code == 0)
    #expect(try run.metrics() == whole.metrics() && run.digests(120) == whole.digests(120))
  }

  /// Without a limit no rank is named and nothing ends.
  @Test func noTimeoutNeverEnds() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let launch = try start(run.path, ranks: 2, ["--max-steps", "100", "--stall-timeout", "none"])
    #expect(launch.wait { run.lines.count >= 12 })
    try launch.send(signal: SIGSTOP, toRank: 1)
    #expect(!launch.wait(limit: 4) { !launch.isRunning })
    try launch.send(signal: SIGCONT, toRank: 1)
    let result = try launch.finish(limit: 60)
    #expect(result.code == 0 && !result.errors.contains("late"), "\(result.text)")
  }
}
