import Diagnostics
import Tensors

/// The parameters and running statistics of a network, each in one arena; see `ParameterLayout`.
public struct ParameterSet {
  public let parameters: ParameterArena
  /// Running means and variances of the batch norms.
  public let statistics: ParameterArena
  private let specs: [ParameterSpec]

  public init(_ network: Sequential) throws {
    var layout = ParameterLayout()
    for spec in network.parameters { try layout.append(name: spec.name, shape: spec.shape) }
    var buffers = ParameterLayout()
    for spec in network.buffers { try buffers.append(name: spec.name, shape: spec.shape) }
    parameters = try ParameterArena(layout)
    statistics = try ParameterArena(buffers)
    specs = network.parameters + network.buffers
  }

  /// Fills everything with PyTorch's initial distributions, a function of `seed` and each tensor's name alone.
  public func initialise(seed: UInt64) throws {
    for spec in specs {
      let arena = parameters.layout.contains(spec.name) ? parameters : statistics
      let entry = try arena.layout.entry(spec.name)
      spec.fill(UnsafeMutableBufferPointer(start: arena.pointer(of: entry), count: entry.count), seed: seed)
    }
  }

  /// Copies the numbers of another set, which has all of this one's tensors; a missing one is a usage failure.
  public func copy(from other: ParameterSet) throws {
    for (to, from) in [(parameters, other.parameters), (statistics, other.statistics)] {
      for entry in to.layout.entries {
        guard from.layout.contains(entry.name), try from.layout.entry(entry.name).shape == entry.shape else {
          throw Failure(
            .usage, "the parameters are those of another network", at: entry.name,
            expected: "a tensor of shape \(entry.shape)", found: "none")
        }
        to.pointer(of: entry).update(from: try from.pointer(of: entry.name), count: entry.count)
      }
    }
  }
}

extension ParameterSpec {
  /// Draws initial values from the generator's stream for this name.
  package func fill(_ values: UnsafeMutableBufferPointer<Float>, seed: UInt64) {
    var stream = PhiloxStream(seed: seed, purpose: .initialisation, sample: Int(name.randomStream & 0xFFFF_FFFF_FFFF))
    switch initialization {
    case .constant(let value): values.update(repeating: value)
    case .normal(let deviation): for i in values.indices { values[i] = Float(deviation) * stream.normal() }
    case .uniform(let bound): for i in values.indices { values[i] = stream.uniform(in: Float(-bound)...Float(bound)) }
    }
  }
}
