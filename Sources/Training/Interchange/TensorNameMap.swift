/// Which tensor of a foreign file is which tensor of a network.
///
/// A name may stand in the file as it is in the network, without `encoder.` (torchvision, nidl's encoders), or behind the
/// names of what held the model (`module.`, `backbone.`, …). nidl's truncated ResNets give their stages second names
/// (`first_conv.0`, `layers.0`), which count where the first name is missing.
struct TensorNameMap {
  /// The file's name of each network tensor that it has.
  private(set) var sources: [String: String] = [:]
  /// Names of the file without a place in the network, in the file's order.
  private(set) var unused: [String] = []
  /// Whether the file is of one of nidl's truncated ResNets.
  private var hasSecondNames = false

  private static let containers: Set<Substring> = [
    "module", "model", "network", "_orig_mod", "state_dict", "encoder", "backbone",
  ]

  /// - Parameter names: the file's; counters of batches are passed over.
  /// - Parameter network: the network's parameters and running statistics.
  init(_ names: [String], network: Set<String>) {
    var ranks: [String: Int] = [:]
    for name in names where !name.hasSuffix("." + ModelFile.counter) {
      guard let (target, rank) = Self.target(of: name, in: network) else {
        unused.append(name)
        continue
      }
      if rank >= Self.secondName { hasSecondNames = true }
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

  /// Names without a place that PyTorch's classes have and an encoder does not: the classifier, and what nidl's
  /// truncated ResNets keep behind their depth.
  func isExpectedRest(_ name: String) -> Bool {
    let bare = Self.bare(name)
    if bare == "fc.weight" || bare == "fc.bias" { return true }
    return hasSecondNames
      && ["layer1.", "layer2.", "layer3.", "layer4.", "embedding."].contains(where: bare.hasPrefix)
  }

  private static let secondName = 100

  /// The network's name, and how far the file's is from it.
  private static func target(of name: String, in network: Set<String>) -> (name: String, rank: Int)? {
    var (rest, rank) = (name[...], 0)
    while true {
      for candidate in [String(rest), "encoder.\(rest)"] {
        if network.contains(candidate) { return (candidate, rank) }
        rank += 1
      }
      if let first = firstName(of: rest), network.contains("encoder.\(first)") {
        return ("encoder.\(first)", secondName + rank)
      }
      guard let dot = rest.firstIndex(of: "."), containers.contains(rest[..<dot]) else { return nil }
      rest = rest[rest.index(after: dot)...]
    }
  }

  private static func bare(_ name: String) -> Substring {
    var rest = name[...]
    while let dot = rest.firstIndex(of: "."), containers.contains(rest[..<dot]) {
      rest = rest[rest.index(after: dot)...]
    }
    return rest
  }

  /// `conv1.weight` for `first_conv.0.weight`, `layer2.0.…` for `layers.1.0.…`.
  private static func firstName(of name: Substring) -> String? {
    for (second, first) in [("first_conv.0.", "conv1."), ("first_conv.1.", "bn1.")] where name.hasPrefix(second) {
      return first + name.dropFirst(second.count)
    }
    let parts = name.split(separator: ".", maxSplits: 2)
    guard parts.count == 3, parts[0] == "layers", let stage = Int(parts[1]) else { return nil }
    return "layer\(stage + 1).\(parts[2])"
  }
}
