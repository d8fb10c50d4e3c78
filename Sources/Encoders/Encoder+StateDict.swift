import Layers

/// A tensor of the `state_dict` of an encoder's class in torchvision or nidl.
public struct StateEntry: Sendable {
  public enum Source: Sendable {
    /// The encoder's tensor of this name.
    case tensor(String)
    /// PyTorch's count of a batch norm's batches.
    case batchesTracked
    /// A tensor that the class has and does not use, as it starts.
    case unused(ParameterSpec)
    /// The count of a batch norm that is not used.
    case unusedBatchesTracked
  }

  /// `layer1.0.conv1.weight`
  public var name: String
  /// Empty for a count.
  public var shape: [Int]
  public var source: Source
}

extension Encoder {
  /// Everything that `load_state_dict(strict=True)` of the encoder's class in torchvision or nidl wants.
  public var stateDict: [StateEntry] {
    let own = entries(
      layers.parameters, layers.buffers, tensor: { .tensor($0.name) }, count: .batchesTracked)
    let unused = entries(
      peer.unusedParameters, peer.unusedBuffers, tensor: { .unused($0) }, count: .unusedBatchesTracked)
    let all = own + unused
    let aliases = all.flatMap { entry in
      peer.aliases.filter { entry.name.hasPrefix($0.name) }.map { alias in
        StateEntry(
          name: alias.alias + entry.name.dropFirst(alias.name.count), shape: entry.shape, source: entry.source)
      }
    }
    return all + aliases
  }

  private func entries(
    _ parameters: [ParameterSpec], _ buffers: [ParameterSpec], tensor: (ParameterSpec) -> StateEntry.Source,
    count: StateEntry.Source
  ) -> [StateEntry] {
    let tensors = (parameters + buffers).map {
      StateEntry(name: Self.peerName($0.name), shape: $0.shape, source: tensor($0))
    }
    let counts = buffers.filter { $0.name.hasSuffix(".running_mean") }.map {
      StateEntry(
        name: Self.peerName($0.name.dropLast("running_mean".count) + "num_batches_tracked"), shape: [], source: count)
    }
    return tensors + counts
  }

  /// Without `encoder.`, which is the encoder's place in nidl's estimator.
  private static func peerName(_ name: String) -> String {
    name.hasPrefix("encoder.") ? String(name.dropFirst("encoder.".count)) : name
  }
}
