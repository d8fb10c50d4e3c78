import Foundation
import Synchronization
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
    "--lr-scheduler", "none", "--checkpoint-every-n-steps", "3", "--keep-checkpoints", "2",
    "--enable-model-summary", "false",
  ]

  /// - Parameter out: the run folder; nil: one that goes away with this value.
  init(steps: Int = 120, options: [String] = Self.options, out: String? = nil) throws {
    folder = try TemporaryFolder()
    result = RunResult(out ?? folder.file("run"))
    (self.steps, self.options) = (steps, options)
  }

  /// `more` and those of `options` that it does not give another value.
  static func merge(_ options: [String], _ more: [String]) -> [String] {
    let given = Set(more.filter { $0.hasPrefix("--") })
    let kept = stride(from: 0, to: options.count, by: 2).filter { !given.contains(options[$0]) }
    return kept.flatMap { [options[$0], options[$0 + 1]] } + more
  }

  /// The arguments of `bt-dist`.
  func arguments(_ more: [String] = []) -> [String] {
    ["train"] + Self.merge(["--out", result.path, "--max-steps", "\(steps)"] + options, more)
  }

  /// Every write takes so many milliseconds longer, and so does every step: there is time for a fault in steps and saves.
  func slowed(by milliseconds: Int = 4) -> Injection {
    Injection(path: result.path, action: "sleep-\(milliseconds)", calls: ["write", "fsync"], count: 0)
  }

  /// - Parameter ranks: nil: without `mpirun`.
  /// - Parameter rank: the one that gets the fault.
  func start(ranks: Int?, _ more: [String] = [], _ injection: Injection? = nil, rank: Int = 0) throws -> Launch {
    let environment = try injection?.environment ?? [:]
    guard let ranks else {
      return try Launch("bt-dist", arguments(more), ranks: nil, environment: environment)
    }
    let calls = (0..<ranks).map {
      RankCall("bt-dist", arguments(more), environment: $0 == rank ? environment : [:])
    }
    // Open MPI's own grace after SIGTERM.
    return try Launch(
      injection == nil ? [RankCall("bt-dist", arguments(more), ranks: ranks)] : calls,
      environment: ["OMPI_MCA_odls_base_sigkill_timeout": "1"])
  }

  /// Resumes and trains to the last step, or begins.
  @discardableResult
  func finish(ranks: Int?, _ more: [String] = [], _ injection: Injection? = nil) throws -> LaunchResult {
    try start(ranks: ranks, more, injection).finish()
  }

  // MARK: The same run without any fault

  private static let undisturbed = Mutex<[String: SmallRun]>([:])

  /// The same run without any fault; made once.
  func undisturbed() throws -> SmallRun {
    let key = "\(steps) \(options)"
    if let known = Self.undisturbed.withLock({ $0[key] }) { return known }
    let other = try SmallRun(steps: steps, options: options)
    let result = try other.finish(ranks: 1)
    try #require(result.code == 0, "\(result.text)")
    try #require(try other.result.metrics().count == steps)
    Self.undisturbed.withLock { $0[key] = other }
    return other
  }

  /// In words, what is lost or altered compared with the undisturbed run; nil if nothing is.
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

  // MARK: What is left of a launch

  /// Waits until no rank of this run is left: those of an `mpirun` that was killed end by themselves. Kills
  /// them when they do not within `limit` seconds, and returns false.
  func ranksAreGone(limit: Double = 30) -> Bool {
    let deadline = Date(timeIntervalSinceNow: limit)
    while true {
      let ranks = self.ranks
      if ranks.isEmpty { return true }
      if Date() > deadline {
        for rank in ranks { kill(rank, SIGKILL) }
        usleep(200_000)
        return false
      }
      usleep(20_000)
    }
  }

  /// Processes that were started with this run's folder.
  private var ranks: [Int32] {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.compactMap { Int32($0) }.filter { process in
      let line = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
      return line.split(separator: 0).contains(Data(result.path.utf8))
    }
  }

  /// The step of the last whole line of the metrics, however long they are; 0 without any.
  var lastStep: Int {
    guard let file = FileHandle(forReadingAtPath: result.path + "/metrics.jsonl"), let end = try? file.seekToEnd()
    else {
      return 0
    }
    try? file.seek(toOffset: end > 4000 ? end - 4000 : 0)
    let tail = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
    guard let line = tail.split(separator: "\n", omittingEmptySubsequences: false).dropLast().last else { return 0 }
    return line.firstMatch(of: /"step":(\d+),/).flatMap { Int($0.1) } ?? 0
  }

  /// Whether a checkpoint is just being written.
  var isSaving: Bool {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: result.path + "/checkpoints")) ?? []
    return names.contains { $0.hasSuffix(".partial") }
  }

  /// All files of the run and their bytes.
  func contents() throws -> [String: Data] {
    var all: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: result.path) where name != ".lock" {
      all[name] = FileManager.default.contents(atPath: result.path + "/" + name)
    }
    return all
  }
}
