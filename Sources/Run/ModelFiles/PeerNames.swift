import Encoders

/// Names in the encoder's class of torchvision or nidl besides those of the encoder's tensors, without `encoder.`.
package struct PeerNames: Sendable {
  /// Second names of tensors, such as nidl's `first_conv.0.weight`, with the network's names.
  package var second: [String: String]
  /// Tensors that the class has and does not use.
  package var unused: Set<String>

  package init(second: [String: String] = [:], unused: Set<String> = []) {
    (self.second, self.unused) = (second, unused)
  }

  package init(_ encoder: Encoder) {
    self.init()
    for entry in encoder.stateDict {
      switch entry.source {
      case .tensor(let name): if name != entry.name, name != "encoder." + entry.name { second[entry.name] = name }
      case .unused: unused.insert(entry.name)
      case .unusedCount: break
      }
    }
  }
}
