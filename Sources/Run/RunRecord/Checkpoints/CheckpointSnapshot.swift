import Files
import Layers
import ModelFiles
import Optimization
import Tensors

/// Copies of all tensors of a checkpoint, so that the next steps can run while it is written.
///
/// As large as parameters, running statistics and moments together; the memory is allocated once and reused. The code
/// that writes it keeps it from being taken again meanwhile.
final class CheckpointSnapshot: @unchecked Sendable {
  private let model: ModelFile
  private let moments: [(name: String, source: AlignedBuffer<Float>, copy: AlignedBuffer<Float>)]
  private let parameters, statistics: AlignedBuffer<Float>

  init(_ state: ParameterSet, _ optimizer: any Optimizer) throws {
    func copy(of buffer: AlignedBuffer<Float>) throws -> AlignedBuffer<Float> {
      try AlignedBuffer(buffer.count, for: .snapshot)
    }
    model = try ModelFile(state)
    parameters = try copy(of: state.parameters.values)
    statistics = try copy(of: state.statistics.values)
    moments = try optimizer.state.map { ($0.name, $0.buffer, try copy(of: $0.buffer)) }
  }

  /// Copies everything as it is now, on all threads of the rank. The first time takes longer: the memory comes into being.
  func take() {
    let arenas = [(model.state.parameters.values, parameters), (model.state.statistics.values, statistics)]
    for (source, copy) in arenas + moments.map({ ($0.source, $0.copy) }) {
      ThreadPool.forEachRange(of: source.count) { range in
        (copy.pointer + range.lowerBound).update(from: source.pointer + range.lowerBound, count: range.count)
      }
    }
  }

  /// The copies as tensors of the two files, for a model after that many updates; this object must outlive them.
  func tensors(updates: Int) -> (model: [NamedTensor], optimizer: [NamedTensor]) {
    let layout = model.state.parameters
    return (
      model.tensors(updates: updates, parameters: parameters, statistics: statistics),
      moments.flatMap { layout.namedTensors(in: $0.copy, prefix: $0.name + ".") }
    )
  }

  /// Bytes of the tensors; the files have a few more.
  var bytes: Int { ([parameters, statistics] + moments.map(\.copy)).reduce(0) { $0 + $1.bytes } }
}
