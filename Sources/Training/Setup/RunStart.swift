import Configuration
import DataParallel
import Diagnostics
import MPI

/// Where a run begins: at step 0 of a new folder, or at the checkpoint that rank 0 found.
package struct RunStart {
  let plan: TrainingPlan
  let folder: RunFolder
  /// Rank 0's.
  let store: CheckpointStore
  /// The checkpoint to go on from: on rank 0, if there is one.
  let checkpoint: Checkpoint?
  let isResumed: Bool
  /// Optimizer steps done.
  let step: Int
  let lossStart: Double?
  /// What the user should know: skipped checkpoints, changed options, more shards.
  let remarks: [String]

  /// Rank 0 looks into the run folder and decides; the others follow. A collective.
  init(_ configuration: TrainingConfiguration, samples: Int, _ communicator: Communicator) throws {
    folder = RunFolder(configuration.out)
    store = CheckpointStore(runFolder: folder.path, keep: configuration.keepCheckpoints)
    let (folder, store) = (folder, store)
    var found: Checkpoint?
    var remarks: [String] = []
    var stored: TrainingConfiguration?
    try communicator.onRoot {
      try folder.prepare()
      found = try Self.findCheckpoint(configuration.resume, store) { remarks.append($0) }
      stored = try found == nil ? nil : folder.configuration()
      if let stored {
        let changes = try configuration.checkResume(of: stored, path: folder.configurationPath)
        remarks += changes.compactMap(configuration.remark)
      }
    }
    checkpoint = found
    // What the others need to know of the checkpoint; NaN: no step was done yet.
    let startBits = (found?.state.lossStart ?? .nan).bitPattern
    var numbers = [found == nil ? 0 : 1, Int64(found?.step ?? 0), Int64(found?.state.shards ?? 0)]
    numbers.append(Int64(bitPattern: startBits))
    try communicator.broadcast(&numbers, count: numbers.count)
    isResumed = numbers[0] == 1
    step = Int(numbers[1])
    let start = Double(bitPattern: UInt64(bitPattern: numbers[3]))
    lossStart = start.isNaN ? nil : start
    let before = isResumed ? Int(numbers[2]) : nil
    let shards = Self.shards(configuration.shards, before: before, ranks: communicator.size)
    if let before, shards != before {
      remarks.append(
        "\(communicator.size) ranks do not share out \(before) shards evenly: "
          + "the run goes on with \(shards) shards, equal to rounding")
    }
    var resolved = configuration
    resolved.shards = shards
    self.remarks = remarks
    plan = try communicator.together { try TrainingPlan(resolved, shards: shards, samples: samples) }
    let (plan, done) = (plan, step)
    try communicator.onRoot {
      guard done <= plan.lastStep else {
        throw Failure(
          .usage, "the run has gone further than it should", at: folder.path,
          expected: "at most \(plan.lastStep) steps",
          found: "a checkpoint after \(done)", remedy: "raise --max-steps or --max-epochs, or choose another --out")
      }
      try folder.store(plan.configuration)
    }
  }

  /// The shards that were asked for or that the run has, or as many as ranks. When the ranks of a resumed run do not
  /// divide them, their least common multiple.
  package static func shards(_ requested: Int?, before: Int?, ranks: Int) -> Int {
    guard let before else { return requested ?? ranks }
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    return before / divisor(before, ranks) * ranks
  }

  private static func findCheckpoint(
    _ resume: TrainingConfiguration.Resume, _ store: CheckpointStore, warn: (String) -> Void
  ) throws -> Checkpoint? {
    switch resume {
    case .auto: return store.newestValid(warn: warn)
    case .path(let path): return try Checkpoint(verifying: path)
    case .never:
      guard store.names().isEmpty else {
        throw Failure(
          .usage, "the folder already holds a run with checkpoints", at: store.folder,
          remedy: "choose another --out, or --resume auto to go on with it")
      }
      return nil
    }
  }
}
