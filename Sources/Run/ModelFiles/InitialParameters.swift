import Diagnostics
import Files
import Layers
import Tensors

/// A network's first numbers from a safetensors file of bt-dist, PyTorch, torchvision or nidl: `--init`.
///
/// The whole model, or the encoder alone: then the projector keeps the numbers that it was drawn with. Elements of any
/// floating-point type are rounded to float32. See `TensorNameMap` for the names.
package struct InitialParameters: Sendable {
  /// One line: `120 of 132 tensors from FILE; projection_head is random`.
  package let summary: String
  /// What was not taken from the file, if anything.
  package let remarks: [String]

  private static let projector = "projection_head."

  /// Reads into `state`, whose numbers have been drawn already.
  ///
  /// - Parameter peer: other names that the encoder's class has.
  /// - Throws: `Failure(.data)` for a file that lacks a tensor of the encoder or has a part of a projector, has tensors
  ///   that belong nowhere, other shapes, values that are not finite, or negative variances.
  package init(reading path: String, into state: ParameterSet, peer: PeerNames = PeerNames()) throws {
    let file = try SafetensorsFile(path: path)
    let arenas = [state.parameters, state.statistics]
    let names = arenas.flatMap { $0.layout.entries.map(\.name) }
    let map = TensorNameMap(file.names, network: Set(names), peer: peer)
    guard !map.sources.isEmpty else {
      throw Failure(
        .data, "no tensor of the file belongs to the network", at: path, expected: Self.list(names),
        found: file.names.isEmpty ? "no tensor at all" : Self.list(file.names),
        remedy: "give a file with this network's names, with or without 'encoder.' before them")
    }
    let takesProjector = map.sources.keys.contains { $0.hasPrefix(Self.projector) }
    let missing = names.filter { map.sources[$0] == nil && (takesProjector || !$0.hasPrefix(Self.projector)) }
    let strangers = map.unused.filter { !map.isExpectedRest($0) }
    if let first = missing.first {
      throw Failure(
        .data, "the file lacks \(missing.count) of the network's tensors: '\(first)'", at: path,
        expected: Self.list(missing), found: strangers.isEmpty ? nil : "instead " + Self.list(strangers),
        remedy: "the file belongs to another network: give the options it was trained with")
    }
    if let first = strangers.first {
      throw Failure(
        .data, "the network has no tensor '\(first)'", at: path, found: Self.list(strangers),
        remedy: "the file belongs to another network: give the options it was trained with")
    }
    try Self.checkShapes(file, map, arenas)
    for arena in arenas {
      for entry in arena.layout.entries {
        guard let source = map.sources[entry.name] else { continue }
        try file.read(source, into: arena.pointer(of: entry), expectedShape: entry.shape, converting: true)
        try arena.checkValues(entry, path)
      }
    }
    let random = takesProjector || map.sources.count == names.count ? "" : "; projection_head is random"
    summary = "\(map.sources.count) of \(names.count.counted("tensor")) from \(path)\(random)"
    remarks =
      map.unused.isEmpty ? [] : ["\(path): the network has no place for \(Self.list(map.unused)): not taken"]
  }

  /// All shapes before the first tensor is read.
  private static func checkShapes(_ file: SafetensorsFile, _ map: TensorNameMap, _ arenas: [ParameterArena]) throws {
    var wrong: [(name: String, expected: [Int], found: [Int])] = []
    for entry in arenas.flatMap(\.layout.entries) {
      guard let source = map.sources[entry.name] else { continue }
      let found = try file.shape(of: source)
      if found != entry.shape { wrong.append((source, entry.shape, found)) }
    }
    guard let first = wrong.first else { return }
    let isProjector = first.name.contains(projector)
    throw Failure(
      .data, "the tensor '\(first.name)' has another shape" + (wrong.count > 1 ? ", and \(wrong.count - 1) more" : ""),
      at: file.path, expected: list(wrong.map { "\($0.name) \($0.expected)" }),
      found: list(wrong.map { "\($0.found)" }),
      remedy: isProjector
        ? "for another projector give the encoder alone, as `bt-dist export` writes it"
        : "the file belongs to another network: give the options it was trained with")
  }

  /// The first few.
  private static func list(_ names: [String]) -> String {
    names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", … (\(names.count) in all)" : "")
  }
}
