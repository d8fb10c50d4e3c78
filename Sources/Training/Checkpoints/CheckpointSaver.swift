import Layers
import Optimization
import Tensors

/// Saves and restores everything that the next step depends on: parameters, running statistics, optimizer moments,
/// step.
final class CheckpointSaver {
  private let model: ModelFile
  private let optimizer: any Optimizer
  private let shards: Int
  /// nil on all ranks but 0.
  private let store: CheckpointStore?
  /// The step of the newest checkpoint.
  private(set) var lastSaved: Int?

  init(_ state: ParameterSet, _ optimizer: any Optimizer, shards: Int, store: CheckpointStore?) {
    (model, self.optimizer, self.shards, self.store) = (ModelFile(state), optimizer, shards, store)
  }

  /// Writes a checkpoint after `step` steps and returns its path; on other ranks than 0 does nothing and returns nil.
  func save(step: Int, lossStart: Double?) throws -> String? {
    lastSaved = step
    guard let store else { return nil }
    let arena = model.state.parameters
    let state = CheckpointState(step: step, shards: shards, lossStart: lossStart, layout: try arena.layout.hash())
    let moments = optimizer.state.flatMap { arena.namedTensors(in: $0.buffer, prefix: $0.name + ".") }
    return try store.save(state, model: model.tensors(step: step), optimizer: moments)
  }

  /// Reads parameters, statistics and moments from a checkpoint into this rank's arenas.
  func restore(_ checkpoint: Checkpoint) throws {
    try model.read(checkpoint.modelPath)
    let file = try SafetensorsFile(path: checkpoint.optimizerPath)
    for moment in optimizer.state {
      for entry in model.state.parameters.layout.entries {
        try file.read(
          "\(moment.name).\(entry.name)", into: moment.buffer.pointer + entry.offset, expectedShape: entry.shape)
      }
    }
    lastSaved = checkpoint.step
  }
}
