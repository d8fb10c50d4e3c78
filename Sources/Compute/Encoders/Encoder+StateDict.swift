import Layers

/// A tensor of the `state_dict` of an encoder's class in torchvision or nidl.
public struct StateEntry: Sendable {
  /// Where its numbers come from.
  public enum Source: Sendable {
    /// The tensor of this name in a checkpoint.
    case tensor(String)
    /// A tensor that the class has but does not use, with its initial values.
    case unused(ParameterSpec)
    /// The count of batches of a batch norm that the class does not use: 0.
    case unusedCount
  }

  /// `layer1.0.conv1.weight`
  public var name: String
  /// Empty for a batch norm's count of batches.
  public var shape: [Int]
  public var source: Source
}

extension Encoder {
  /// Everything that `load_state_dict(strict=True)` of the encoder's class in torchvision or nidl needs.
  public var stateDict: [StateEntry] {
    let used = (layers.parameters + layers.buffers).map {
      StateEntry(name: Self.peerName($0.name), shape: $0.shape, source: .tensor($0.name))
    }
    let counts = Self.counts(layers.buffers).map {
      StateEntry(name: Self.peerName($0), shape: [], source: .tensor($0))
    }
    let unused = (peer.unusedParameters + peer.unusedBuffers).map {
      StateEntry(name: Self.peerName($0.name), shape: $0.shape, source: .unused($0))
    }
    let unusedCounts = Self.counts(peer.unusedBuffers).map {
      StateEntry(name: Self.peerName($0), shape: [], source: .unusedCount)
    }
    let all = used + counts + unused + unusedCounts
    let aliases = all.flatMap { entry in
      peer.aliases.filter { entry.name.hasPrefix($0.name) }.map { alias in
        StateEntry(
          name: alias.alias + entry.name.dropFirst(alias.name.count), shape: entry.shape, source: entry.source)
      }
    }
    return all + aliases
  }

  /// PyTorch's counters of the batch norms with these buffers.
  private static func counts(_ buffers: [ParameterSpec]) -> [String] {
    buffers.map(\.name).filter { $0.hasSuffix(".running_mean") }
      .map { $0.dropLast("running_mean".count) + "num_batches_tracked" }
  }

  /// Without `encoder.`, which is the encoder's place in nidl's estimator.
  private static func peerName(_ name: String) -> String {
    name.hasPrefix("encoder.") ? String(name.dropFirst("encoder.".count)) : name
  }
}
