import Diagnostics
import Files
import Layers
import Tensors

/// Parameters and running statistics in a safetensors file, under PyTorch's names and in PyTorch's layouts.
///
/// PyTorch's batch norms also count the batches they saw (`num_batches_tracked`). That follows from the number of
/// updates; it is written, so that `load_state_dict(strict=True)` finds it, but not read.
package struct ModelFile {
  package let state: ParameterSet
  private let batchesSeen: AlignedBuffer<Int64>

  package static let counter = "num_batches_tracked"

  package init(_ state: ParameterSet) throws {
    self.state = state
    batchesSeen = try AlignedBuffer(1)
  }

  /// The tensors after that many updates of the optimizer, each of which shows every batch norm two batches, one per
  /// view. This object and the arenas must outlive them.
  package func tensors(updates: Int) -> [NamedTensor] {
    tensors(updates: updates, parameters: state.parameters.values, statistics: state.statistics.values)
  }

  /// The same from copies of the arenas.
  package func tensors(updates: Int, parameters: AlignedBuffer<Float>, statistics: AlignedBuffer<Float>)
    -> [NamedTensor]
  {
    batchesSeen.pointer[0] = Int64(2 * updates)
    let counters = state.statistics.layout.entries.compactMap { entry in
      entry.name.hasSuffix("running_mean")
        ? NamedTensor(
          name: entry.name.dropLast("running_mean".count) + Self.counter, shape: [], integers: batchesSeen.pointer)
        : nil
    }
    return state.parameters.namedTensors(in: parameters) + state.statistics.namedTensors(in: statistics) + counters
  }

  /// Reads every tensor of the network from `path`.
  ///
  /// - Parameter ignoring: names with this prefix in the file are left out: the projector's, for an encoder alone.
  /// - Throws: `Failure(.data)` for a missing tensor, one that the network does not have, or one of another shape.
  package func read(_ path: String, ignoring prefix: String? = nil) throws {
    let file = try SafetensorsFile(path: path)
    for name in file.names where !name.hasSuffix(Self.counter) && !(prefix.map(name.hasPrefix) ?? false) {
      guard state.parameters.layout.contains(name) || state.statistics.layout.contains(name) else {
        throw Failure(
          .data, "the network has no tensor '\(name)'", at: path,
          remedy: "the file belongs to another network: give the options it was trained with")
      }
    }
    for arena in [state.parameters, state.statistics] {
      for entry in arena.layout.entries {
        try file.read(entry.name, into: arena.pointer(of: entry), expectedShape: entry.shape, converting: true)
        try arena.checkFinite(entry, path)
      }
    }
  }
}

extension ParameterArena {
  /// Throws `Failure(.data)` for a value that is not finite in a tensor that was read from `path`.
  func checkFinite(_ entry: ParameterLayout.Entry, _ path: String) throws {
    let values = UnsafeBufferPointer(start: pointer(of: entry), count: entry.count)
    guard let position = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw Failure(
      .data, "the tensor '\(entry.name)' holds a value that is not a number", at: path, expected: "finite numbers",
      found: "\(values[position]) at element \(position)")
  }
}

extension ParameterSet {
  /// Everything as tensors for a file; the arenas must outlive them.
  package var namedTensors: [NamedTensor] { parameters.namedTensors + statistics.namedTensors }
}
