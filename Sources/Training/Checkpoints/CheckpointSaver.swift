import Layers
import Optimization
import Tensors

/// Saves and restores everything that the next step depends on: parameters, running statistics, optimizer moments,
/// step.
final class CheckpointSaver {
  private let model: ModelFile
  private let optimizer: any Optimizer
  /// nil on all ranks but 0.
  private let store: CheckpointStore?
  /// The step of the newest checkpoint.
  private(set) var lastSaved: Int?

  init(_ state: ParameterSet, _ optimizer: any Optimizer, store: CheckpointStore?) {
    (model, self.optimizer, self.store) = (ModelFile(state), optimizer, store)
  }

  /// Whether a checkpoint of this state would be one of the run's best; false on other ranks than 0.
  func isAmongBest(_ state: CheckpointState) -> Bool { store?.isAmongBest(state) ?? false }

  /// Writes a checkpoint and returns its path; does nothing and returns nil where none are written, as on other ranks
  /// than 0.
  func save(_ state: CheckpointState) throws -> String? {
    lastSaved = state.step
    guard let store else { return nil }
    let arena = model.state.parameters
    let moments = optimizer.state.flatMap { arena.namedTensors(in: $0.buffer, prefix: $0.name + ".") }
    return try store.save(state, model: model.tensors(updates: state.updateCount), optimizer: moments)
  }

  /// Waits for the save that is under way, if any.
  func waitUntilSaved() {}

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
