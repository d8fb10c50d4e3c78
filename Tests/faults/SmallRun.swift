import Foundation
import TestSupport
import Testing

/// A run of seconds to which faults are done: 3 steps an epoch, a checkpoint every 3 steps, 4 shards, so that 1, 2 and 4
/// ranks give the same bits.
struct SmallRun: Sendable {
  let folder: TemporaryFolder
  let result: RunResult
  var steps: Int
  var options: [String]

  static let options = [
    "--data", "synthetic:12,n=56", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--shards", "4",
    "--lr-scheduler", "none", "--checkpoint-every-n-steps", "3", "--enable-model-summary", "false",
  ]

  /// - Parameter out: the run folder; nil: one that goes away with this value.
  init(steps: Int = 12, options: [String] = Self.options, out: String? = nil) throws {
    folder = try TemporaryFolder()
    result = RunResult(out ?? folder.file("run"))
    (self.steps, self.options) = (steps, options)
  }

  /// The arguments of `bt-dist`; later options win.
  func arguments(_ more: [String] = []) -> [String] {
    ["train", "--out", result.path, "--max-steps", "\(steps)"] + options + more
  }

  func start(ranks: Int, _ more: [String] = []) throws -> Launch {
    try Launch("bt-dist", arguments(more), ranks: ranks)
  }

  /// Goes on to the last step, or begins, undisturbed.
  @discardableResult
  func finish(ranks: Int, _ more: [String] = []) throws -> LaunchResult {
    try Launch.run("bt-dist", arguments(more), ranks: ranks)
  }

  /// The same run without any fault.
  func undisturbed() throws -> SmallRun {
    let other = try SmallRun(steps: steps, options: options)
    let result = try other.finish(ranks: 1)
    try #require(result.code == 0, "\(result.text)")
    try #require(try other.result.metrics().count == steps)
    return other
  }

  /// In words, what is lost or altered beside the undisturbed run; nil if nothing is.
  func difference(from undisturbed: SmallRun) throws -> String? {
    let (found, expected) = (try result.metrics(), try undisturbed.result.metrics())
    if found != expected {
      let place = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, expected.count)
      return "metrics differ from line \(place + 1) on: \(found.count) lines, not \(expected.count)"
    }
    guard result.checkpoints.last == steps else { return "no checkpoint of step \(steps): \(result.checkpoints)" }
    if try result.digests(steps) != undisturbed.result.digests(steps) { return "the last checkpoint differs" }
    return nil
  }
}
