import Diagnostics

/// Decides by which method each direction of each layer is computed, while a network is planned, and keeps what was
/// decided.
///
/// A choice is the given table's, where that has one; else the fastest that a tuner measures; else, without a tuner and
/// for layers that are too small to matter, the first candidate: the static rule.
package final class KernelChooser {
  /// Multiply-adds of a call below which nothing is measured: half a millisecond on one core.
  package static let leastWork = 50_000_000

  /// Everything decided so far.
  package private(set) var table = KernelTable()
  /// Choices that override all others.
  package let given: KernelTable
  /// Whether a given choice that cannot be followed is a failure; else it is replaced, with a remark.
  package let isStrict: Bool
  /// nil: nothing is measured.
  package let tuner: KernelTuner?

  package init(_ given: KernelTable = KernelTable(), isStrict: Bool = false, tuner: KernelTuner? = nil) {
    self.given = given
    self.isStrict = isStrict
    self.tuner = tuner
  }

  /// Chooses for one direction of a layer that is being planned: forward first, then the gradients.
  ///
  /// - Parameter candidates: methods of the layer that are worth measuring for its sizes; the static rule's first.
  /// - Parameter possible: those that a given table may ask for; the candidates if not given.
  /// - Parameter multiplyAdds: of one call, for a shard.
  func choose<Method: RawRepresentable<String>>(
    _ direction: KernelDirection, of layer: any TunableLayer, among candidates: [Method], possible: [Method]? = nil,
    multiplyAdds: Int, input: TensorShape, _ workspace: Workspace
  ) throws -> Method {
    let name = layer.parameters[0].name
    let words = candidates.map(\.rawValue)
    var word = words[0]
    if let wanted = given[name, direction] {
      let possible = (possible ?? candidates).map(\.rawValue)
      if possible.contains(wanted) {
        word = wanted
      } else if isStrict {
        throw Failure(
          .usage, "this layer's \(direction.text) has no such method here", at: "\(option: "kernel-table"), \(name)",
          expected: "one of " + possible.joined(separator: ", "), found: wanted,
          remedy: "correct or leave out this entry, or see whether \(option: "convolution") rules the method out")
      } else {
        workspace.remarks.append(
          "\(name): its \(direction.text) was to be computed by '\(wanted)', which does not exist for this processor "
            + "or shape; it is '\(word)' now, and bits may differ")
      }
    } else if let tuner, words.count > 1, multiplyAdds >= Self.leastWork {
      word = try tuner.fastest(direction, of: layer, words, after: table, input: input, workspace)
    }
    table[name, direction] = word
    return Method(rawValue: word)!
  }

  /// Throws a usage failure if the given table is strict and has entries that no planned layer has asked for.
  package func requireAllUsed() throws {
    guard isStrict else { return }
    for (layer, entries) in given.choices.sorted(by: { $0.key < $1.key }) {
      guard let known = table.choices[layer] else {
        throw Failure(
          .usage, "the network has no such layer with weights", at: "\(option: "kernel-table")",
          expected: "the name of a weight",
          found: layer, remedy: NearestName.question(for: layer, among: table.choices.keys.sorted()))
      }
      if let direction = entries.keys.sorted().first(where: { known[$0] == nil }) {
        throw Failure(
          .usage, "this layer does not compute that direction", at: "\(option: "kernel-table"), \(layer)",
          expected: known.keys.sorted().joined(separator: ", "), found: direction, remedy: "leave the entry out")
      }
    }
  }
}
