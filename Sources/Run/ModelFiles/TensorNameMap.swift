/// Which tensor of a foreign file is which tensor of a network.
///
/// A name may stand in the file as it is in the network, without `encoder.` (torchvision, nidl's encoders), or after
/// the names of what held the model (`module.`, `backbone.`, …), and an encoder's second names count where the first
/// ones are missing.
struct TensorNameMap {
  /// The file's name of each network tensor that it has.
  private(set) var sources: [String: String] = [:]
  /// Names of the file without a place in the network, in the file's order.
  private(set) var unused: [String] = []
  private let peer: PeerNames

  private static let containers: Set<Substring> = [
    "module", "model", "network", "_orig_mod", "state_dict", "encoder", "backbone",
  ]

  /// - Parameter names: the file's; counters of batches are skipped.
  /// - Parameter network: the network's parameters and running statistics.
  /// - Parameter peer: other names that the encoder's class has.
  init(_ names: [String], network: Set<String>, peer: PeerNames = PeerNames()) {
    self.peer = peer
    var ranks: [String: Int] = [:]
    for name in names where !name.hasSuffix("." + ModelFile.counter) {
      guard let (target, rank) = Self.target(of: name, in: network, peer) else {
        unused.append(name)
        continue
      }
      // The nearer name wins; another copy has no place, unless it is only a second name.
      if let other = sources[target], let before = ranks[target] {
        let (kept, dropped) = rank < before ? (name, other) : (other, name)
        if max(rank, before) < Self.secondName { unused.append(dropped) }
        (sources[target], ranks[target]) = (kept, min(rank, before))
      } else {
        (sources[target], ranks[target]) = (name, rank)
      }
    }
  }

  /// Whether a name without a place is one that the encoder's class in PyTorch has: its classifier, or a layer that it
  /// does not use.
  func isExpectedRest(_ name: String) -> Bool {
    let ends = Self.ends(of: name)
    return ["fc.weight", "fc.bias"].contains(ends.last) || ends.contains { peer.unused.contains(String($0)) }
  }

  private static let secondName = 100

  /// The network's name, and how far the file's is from it.
  private static func target(of name: String, in network: Set<String>, _ peer: PeerNames) -> (name: String, rank: Int)?
  {
    for (index, end) in ends(of: name).enumerated() {
      for (step, candidate) in [String(end), "encoder.\(end)"].enumerated() where network.contains(candidate) {
        return (candidate, 2 * index + step)
      }
      if let first = peer.second[String(end)] { return (first, secondName + index) }
    }
    return nil
  }

  /// The name, and what is left of it as its containers are taken away one after another.
  private static func ends(of name: String) -> [Substring] {
    var ends = [name[...]]
    while let end = ends.last, let dot = end.firstIndex(of: "."), containers.contains(end[..<dot]) {
      ends.append(end[end.index(after: dot)...])
    }
    return ends
  }
}
