import Configuration
import DataParallel
import Layers
import MPI
import Optimization
import RunRecord

/// A checkpoint that rank 0 found, and what all ranks need to know of it.
package struct SharedCheckpoint {
  /// On rank 0, if there is one.
  let checkpoint: Checkpoint?
  /// On all ranks; nil without a checkpoint.
  let state: CheckpointState?

  /// A run that ended in this process stands in for a checkpoint.
  init(_ run: TrainingRun) { (checkpoint, state) = (nil, run.state) }

  /// Tells all ranks what rank 0 has. A collective.
  package init(_ checkpoint: Checkpoint?, _ communicator: Communicator) throws {
    self.checkpoint = checkpoint
    let text = try communicator.broadcast(try checkpoint?.state.json() ?? "")
    state = try text.isEmpty ? nil : CheckpointState(json: text)
  }
}

extension Communicator {
  /// Rank 0's configuration on every rank. A collective.
  func broadcast(_ configuration: TrainingConfiguration?) throws -> TrainingConfiguration? {
    let text = try broadcast(configuration?.json ?? "")
    return try text.isEmpty ? nil : TrainingConfiguration(json: text)
  }

  /// Rank 0's parameters, running statistics and moments on every rank. A collective.
  func broadcast(_ state: ParameterSet, _ optimizer: any Optimizer) throws {
    for buffer in [state.parameters.values, state.statistics.values] + optimizer.state.map(\.buffer) {
      try broadcast(buffer.pointer, count: buffer.count)
    }
  }
}
