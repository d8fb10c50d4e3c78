import Files
import Foundation
import Layers
import Optimization
import RunRecord
import Tensors

/// The tensors of a recorded checkpoint next to those of the replay after the same step.
package struct CheckpointComparison: Sendable {
  package let step: Int
  package let path: String
  /// Tensors of model and optimizer.
  package let tensors: Int
  /// Those that differ in a bit or a size or are missing: parameters, then running statistics, then moments, each in
  /// the order of its arena.
  package let differing: [String]

  /// Reads the checkpoint's tensors one by one.
  init(_ checkpoint: Checkpoint, _ state: ParameterSet, _ optimizer: any Optimizer) throws {
    (step, path) = (checkpoint.step, checkpoint.path)
    var (tensors, differing): (Int, [String]) = (0, [])
    func compare(_ file: SafetensorsFile, _ layout: ParameterLayout, _ values: AlignedBuffer<Float>, _ prefix: String)
      throws
    {
      for entry in layout.entries {
        tensors += 1
        let name = prefix + entry.name
        if try !Self.holds(file, name, entry, values) { differing.append(name) }
      }
    }
    let model = try SafetensorsFile(path: checkpoint.modelPath)
    for arena in [state.parameters, state.statistics] { try compare(model, arena.layout, arena.values, "") }
    let moments = try SafetensorsFile(path: checkpoint.optimizerPath)
    for moment in optimizer.state {
      try compare(moments, state.parameters.layout, moment.buffer, "\(moment.name).")
    }
    (self.tensors, self.differing) = (tensors, differing)
  }

  private static func holds(
    _ file: SafetensorsFile, _ name: String, _ entry: ParameterLayout.Entry, _ values: AlignedBuffer<Float>
  ) throws -> Bool {
    guard file.contains(name), try file.shape(of: name) == entry.shape else { return false }
    let recorded = try file.floats(of: name)
    return memcmp(recorded, values.pointer + entry.offset, entry.count * MemoryLayout<Float>.size) == 0
  }
}
