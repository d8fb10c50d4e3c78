import DataParallel
import MPI

/// A checkpoint that rank 0 found, and what the other ranks need to know of it.
struct SharedCheckpoint {
  /// On rank 0, if there is one.
  let checkpoint: Checkpoint?
  let isThere: Bool
  /// Optimizer steps done; 0 without a checkpoint.
  let step: Int
  /// Shards of a batch when it was written.
  let shards: Int?
  let lossStart: Double?

  /// A run that ended in this process stands for a checkpoint.
  init(_ run: TrainingRun) {
    checkpoint = nil
    (isThere, step, shards, lossStart) = (true, run.step, run.plan.batches.shards, run.lossStart)
  }

  /// Tells all ranks of what rank 0 has. A collective.
  init(_ checkpoint: Checkpoint?, _ communicator: Communicator) throws {
    self.checkpoint = checkpoint
    // NaN: no step was done yet.
    let startBits = (checkpoint?.state.lossStart ?? .nan).bitPattern
    var numbers = [checkpoint == nil ? 0 : 1, Int64(checkpoint?.step ?? 0), Int64(checkpoint?.state.shards ?? 0)]
    numbers.append(Int64(bitPattern: startBits))
    try communicator.broadcast(&numbers, count: numbers.count)
    isThere = numbers[0] == 1
    step = Int(numbers[1])
    shards = isThere ? Int(numbers[2]) : nil
    let start = Double(bitPattern: UInt64(bitPattern: numbers[3]))
    lossStart = start.isNaN ? nil : start
  }
}
