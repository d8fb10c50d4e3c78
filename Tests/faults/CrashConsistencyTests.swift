import Foundation
import TestSupport
import Testing

/// A launch that is killed at every single call by which it changes files: there is always a whole checkpoint, and the
/// metrics fit it.
@Suite struct CrashConsistencyTests {
  /// A run of 9 steps whose metrics continue after its newest checkpoint and end in a torn line.
  private func makeBase() throws -> SmallRun {
    let base = try SmallRun(steps: 9)
    let result = try base.finish(ranks: 1)
    try #require(result.code == 0, "\(result.text)")
    let metrics = base.result.path + "/metrics.jsonl"
    let bytes = try readBytes(metrics)
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
    let later = line.replacing(#""step":9,"#, with: #""step":10,"#)
    try Data(bytes + Array((later + "\n" + later.prefix(40)).utf8)).write(to: URL(fileURLWithPath: metrics))
    return base
  }

  private func copy(_ base: SmallRun) throws -> SmallRun {
    let run = try SmallRun(steps: 15)
    try FileManager.default.copyItem(atPath: base.result.path, toPath: run.result.path)
    return run
  }

  /// The launch resumes from step 9 and trains to 12: it cuts the metrics, steps, saves, removes an old checkpoint.
  private func launch(_ run: SmallRun, ranks: Int?, _ injection: Injection) throws -> LaunchResult {
    var first = run
    first.steps = 12
    return try first.finish(ranks: ranks, [], injection)
  }

  /// - Returns: nil when the call was not reached.
  private func strike(_ base: SmallRun, ranks: Int?, _ action: String, at call: Int) throws -> String? {
    let run = try copy(base)
    let killed = try launch(run, ranks: ranks, Injection(path: run.result.path, action: action, at: call))
    if killed.code == 0 { return nil }
    if !run.ranksAreGone() { return "ranks were left running" }
    guard let before = run.result.checkpoints.last, before == 9 || before == 12 else {
      return "checkpoints \(run.result.checkpoints)"
    }
    let resumed = try run.finish(ranks: nil)
    guard resumed.code == 0 else { return resumed.text }
    return try run.difference(from: run.undisturbed()) ?? ""
  }

  private func sweep(_ name: String, ranks: Int?, every stride: Int) throws {
    let base = try makeBase()
    let log = base.folder.file("calls")
    let whole = try copy(base)
    let counted = try launch(whole, ranks: ranks, Injection(path: whole.result.path, log: log))
    try #require(counted.code == 0, "\(counted.text)")
    let calls = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ") }
    try #require(calls.count > 60)
    var (struck, lost) = (0, [String]())
    for call in Swift.stride(from: 1, through: calls.count, by: stride) {
      let kind = String(calls[call - 1][1])
      // After a call is before the next one, except after the last.
      let actions = ["kill-before"] + (kind == "write" ? ["kill-half"] : []) + (kind == "rename" ? ["kill-after"] : [])
      for action in FaultSelection.isFull ? actions : [actions[call / stride % actions.count]] {
        guard let difference = try strike(base, ranks: ranks, action, at: call) else { continue }
        struck += 1
        if !difference.isEmpty {
          lost.append("\(action) call \(call) (\(kind)): \(difference)")
          Issue.record("\(name): \(lost.last ?? "")")
        }
      }
    }
    // The order of calls may change a little where a save runs in parallel with steps.
    #expect(struck >= calls.count / stride * 9 / 10)
    FaultTable.add(
      .init(
        name: name,
        injected: "SIGKILL before, after or in the middle of call k = 1, \(1 + stride), … of \(calls.count)",
        expected: "killed; same bits", seen: "\(struck) kills, \(lost.count) lost; \(lost.first ?? "same bits")",
        passed: lost.isEmpty))
  }

  @Test func aKillAtEveryCall() throws {
    try sweep("killed at every call that changes files", ranks: nil, every: FaultSelection.isFull ? 1 : 17)
  }

  @Test(.enabled(if: FaultSelection.isFull)) func aKillOnTwoRanks() throws {
    try sweep("the same, rank 0 of 2", ranks: 2, every: 7)
  }
}
