import Configuration
import DataParallel
import Diagnostics
import MPI
import RunRecord
import Training

/// Repeats steps of a recorded run and compares them with the record bit for bit, on any number of ranks that divides
/// the run's shards.
///
/// The steps are those of `Trainer`, from the newest whole checkpoint before the first step that was asked for, or from
/// the run's beginning. Validations are left out. Only rank 0 reads the run folder, and no rank writes into it.
package struct ReplayRun {
  /// The steps that are replayed.
  package let steps: ClosedRange<Int>
  private let parts: TrainingParts
  private let summary: RunSummary
  private let present: LaunchRecord
  /// On rank 0.
  private let recorded: RecordedRun?

  /// Reads the record, opens the data and plans the network. A collective.
  ///
  /// - Throws: `AgreedFailure` of kind `.usage` for steps that were not recorded or ranks that do not divide the shards,
  ///   of kind `.data` for a folder that is not a run, a damaged record, and data that are not there or not the run's.
  package init(_ request: ReplayRequest, _ communicator: Communicator) throws {
    var recorded: RecordedRun?
    try communicator.onRoot { recorded = try RecordedRun(request) }
    let text = try communicator.broadcast(recorded?.configuration.json ?? "")
    var last = [Int64(recorded?.lastStep ?? 0)]
    try communicator.broadcast(&last, count: 1)
    let lastStep = Int(last[0])
    let configuration = try communicator.together {
      let configuration = try TrainingConfiguration(json: text)
      try configuration.validate()
      try RankThreads.configure(requested: configuration.threads)
      return configuration
    }
    let dataset = try communicator.together {
      try RankThreads.configure(requested: configuration.threads)
      return try RecordedRun.openData(configuration.data, given: request.data != nil)
    }
    let fingerprint = try communicator.together { try dataset.fingerprint() }
    try communicator.requireSameData(dataset, fingerprint: fingerprint)
    var remarks = recorded?.remarks ?? []
    try communicator.onRoot {
      remarks += try recorded?.checkData(dataset, fingerprint: fingerprint, given: request.data != nil) ?? []
    }
    let found = try SharedCheckpoint(recorded?.checkpoint, communicator)
    let plan = try communicator.together {
      try Self.plan(configuration, lastStep: lastStep, samples: dataset.count, ranks: communicator.size)
    }
    let rule = BadStepRule.recorded(
      try communicator.broadcast(recorded?.badSteps ?? [:]),
      CheckpointStore(runFolder: recorded?.folder.path ?? "", keep: 1), expected: recorded?.badBatch)
    let start = RunStart(
      plan, from: found, store: nil, isNewRun: false, badSteps: rule, remarks: remarks)
    parts = try TrainingParts(start, dataset, nil, communicator)
    steps = start.step + 1...plan.lastStep
    present = LaunchRecord(parts, data: fingerprint)
    self.recorded = recorded
    var summary = RunSummary(parts, start)
    summary.lines = Self.lines(steps, recorded?.launch, present, recorded?.folder.path ?? "")
    if let launch = recorded?.launch {
      let differences = ReplayCauses.differences(recorded: launch, present: present)
      summary.remarks += differences.map { "the bits may differ: \($0)" }
    }
    self.summary = summary
  }

  /// Replays to the last step or to a signal and calls `report`, on rank 0. A collective.
  ///
  /// - Throws: on all ranks, a failure of kind `.data` with the first difference, if there was one.
  package func replay(_ report: @escaping (ReplayEvent) -> Void) throws -> RunEnd {
    let comparison = recorded.map { ReplayComparison($0, present, parts, report: report) }
    return try Trainer(parts, RunRecord(nil, lock: nil, parts.saver), callback: comparison).run(summary)
  }

  private static func plan(
    _ configuration: TrainingConfiguration, lastStep: Int, samples: Int, ranks: Int
  ) throws -> TrainingPlan {
    let shards = configuration.shards ?? 1
    guard shards % ranks == 0 else {
      throw Failure(
        .usage, "the \(shards.counted("shard")) of the run cannot be shared out evenly over \(ranks.counted("rank"))",
        at: "mpirun -np",
        expected: "a divisor of \(shards)", found: "\(ranks)", remedy: "replay on one rank: leave mpirun out")
    }
    let plan = try TrainingPlan(configuration, shards: shards, samples: samples, until: lastStep)
    guard plan.lastStep == lastStep else {
      throw Failure(
        .data, "the run's configuration ends before the step", at: "config.json",
        expected: "at most step \(plan.lastStep)",
        found: "step \(lastStep)", remedy: "restore the run's config.json")
    }
    return plan
  }

  private static func lines(
    _ steps: ClosedRange<Int>, _ recorded: LaunchRecord?, _ present: LaunchRecord, _ folder: String
  ) -> [String] {
    func place(_ launch: LaunchRecord) -> String {
      let hosts = launch.hosts.count == 1 ? launch.hosts[0] : "\(launch.hosts.count) hosts"
      return "\(launch.ranks.counted("rank")) on \(hosts); \(launch.kernels.text)"
    }
    let start = steps.lowerBound == 1 ? "the beginning" : "the checkpoint of step \(steps.lowerBound - 1)"
    let span = steps.count == 1 ? "step \(steps.lowerBound)" : "steps \(steps.lowerBound) to \(steps.upperBound)"
    return [
      "replay     \(folder), \(span) from \(start), \(present.shards.counted("shard"))",
      "recorded   " + (recorded.map { "\($0.date), \(place($0))" } ?? "not known on what"),
      "replayed   \(place(present))",
    ]
  }
}

extension Communicator {
  /// Rank 0's record of bad steps on every rank. A collective.
  fileprivate func broadcast(_ badSteps: [Int: BadStepOutcome]) throws -> [Int: BadStepOutcome] {
    let numbers = badSteps.flatMap { step, outcome in
      if case .rolledBack(let target) = outcome { [step, target] } else { [step, -1] }
    }
    let text = try broadcast(numbers.map(String.init).joined(separator: " "))
    let shared = text.split(separator: " ").compactMap { Int($0) }
    return stride(from: 0, to: shared.count - 1, by: 2).reduce(into: [:]) { outcomes, place in
      let target = shared[place + 1]
      outcomes[shared[place]] = target < 0 ? .skipped : .rolledBack(to: target)
    }
  }
}
