import Diagnostics
import Encoders
import Files
import Layers
import ModelFiles
import Tensors
import TestSupport
import Testing
import TwinNetwork

/// `--init`: names of every origin, the projector's numbers, and what is refused.
@Suite struct InitialParametersTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("model.safetensors")
  }

  /// Encoder and projector with batch norms in both, drawn from a seed.
  private func state(seed: UInt64, width: Int = 2) throws -> ParameterSet {
    let encoder = try ResNet.resnet18(channels: 1, width: width).encoder()
    let projector = Projector(inputs: encoder.features, hidden: 7, outputs: 3)
    let state = try ParameterSet(Sequential([encoder.layers, projector.layers]))
    try state.initialise(seed: seed)
    return state
  }

  /// Writes the state with other names; nil leaves a tensor out.
  private func write(
    _ state: ParameterSet, counters: Bool = true, extra: [(String, [Int])] = [], name: (String) -> String?
  ) throws {
    let model = try ModelFile(state)
    let values = AlignedBuffer<Float>(1000)
    var tensors = model.tensors(updates: 3).filter { counters || !$0.name.hasSuffix("num_batches_tracked") }
    tensors = tensors.compactMap { tensor in
      name(tensor.name).map {
        var tensor = tensor
        tensor.name = $0
        return tensor
      }
    }
    tensors += extra.map { NamedTensor(name: $0.0, shape: $0.1, pointer: values.pointer) }
    try withExtendedLifetime((model, values)) { _ = try SafetensorsWriter.write(tensors, to: path) }
  }

  /// The bits of the tensors whose names begin with `prefix`.
  private func bits(_ state: ParameterSet, _ prefix: String) -> [UInt32] {
    [state.parameters, state.statistics].flatMap { arena in
      arena.layout.entries.filter { $0.name.hasPrefix(prefix) }.flatMap { entry in
        (0..<entry.count).map { arena.pointer(of: entry)[$0].bitPattern }
      }
    }
  }

  private static let prefixes = ["", "encoder.", "backbone.", "module.", "module.encoder.", "model.backbone."]

  @Test(arguments: prefixes, [true, false])
  func anEncoderAloneLeavesTheProjectorAsDrawn(prefix: String, counters: Bool) throws {
    let (saved, drawn, read) = (try state(seed: 1), try state(seed: 2), try state(seed: 2))
    try write(saved, counters: counters) {
      $0.hasPrefix("encoder.") ? prefix + $0.dropFirst("encoder.".count) : nil
    }
    let initial = try InitialParameters(reading: path, into: read)
    #expect(bits(read, "encoder.") == bits(saved, "encoder."))
    #expect(bits(read, "projection_head.") == bits(drawn, "projection_head."))
    #expect(bits(saved, "projection_head.") != bits(drawn, "projection_head."))
    let (all, projector) = (read.namedTensors.count, read.namedTensors.filter { $0.name.hasPrefix("proj") }.count)
    #expect(initial.summary == "\(all - projector) of \(all) tensors from \(path); projection_head is random")
    #expect(initial.remarks.isEmpty)
  }

  @Test(arguments: ["", "module."]) func aWholeModelIsReadWhole(prefix: String) throws {
    let (saved, read) = (try state(seed: 1), try state(seed: 2))
    try write(saved) { prefix + $0 }
    let initial = try InitialParameters(reading: path, into: read)
    #expect(bits(read, "") == bits(saved, ""))
    #expect(initial.summary == "\(read.namedTensors.count) of \(read.namedTensors.count) tensors from \(path)")
  }

  @Test func theClassifierIsLeftOutWithARemark() throws {
    let (saved, read) = (try state(seed: 1), try state(seed: 2))
    try write(saved, extra: [("fc.weight", [10, 16]), ("fc.bias", [10])]) {
      $0.hasPrefix("encoder.") ? String($0.dropFirst("encoder.".count)) : nil
    }
    let initial = try InitialParameters(reading: path, into: read)
    #expect(bits(read, "encoder.") == bits(saved, "encoder."))
    #expect(initial.remarks.count == 1 && initial.remarks[0].contains("fc.bias") && initial.remarks[0].contains(path))
  }

  /// nidl's truncated ResNets: `first_conv` and `layers` are second names; what lies beyond their depth is not used.
  @Test(arguments: [true, false]) func secondNamesStandForTheFirst(both: Bool) throws {
    let (saved, read) = (try state(seed: 1), try state(seed: 2))
    func second(_ name: Substring) -> String {
      for (first, second) in [("conv1.", "first_conv.0."), ("bn1.", "first_conv.1.")] where name.hasPrefix(first) {
        return second + name.dropFirst(first.count)
      }
      return "layers.\(Int(name.dropFirst(5).prefix(1))! - 1)." + name.dropFirst(7)
    }
    try write(saved, extra: both ? [("layers.0.0.conv1.weight", [2, 2, 3, 3]), ("embedding.weight", [5, 16])] : []) {
      guard $0.hasPrefix("encoder.") else { return nil }
      let name = $0.dropFirst("encoder.".count)
      return both && !name.hasPrefix("conv1") ? String(name) : second(name)
    }
    let names = saved.namedTensors.map(\.name).filter { $0.hasPrefix("encoder.") }
    let peer = PeerNames(
      second: Dictionary(uniqueKeysWithValues: names.map { (second($0.dropFirst("encoder.".count)), $0) }),
      unused: ["embedding.weight"])
    let initial = try InitialParameters(reading: path, into: read, peer: peer)
    #expect(bits(read, "encoder.") == bits(saved, "encoder."))
    #expect(initial.remarks.count == (both ? 1 : 0), "\(initial.remarks)")
  }

  /// The whole `state_dict` of nidl's truncated class, or what `safetensors.torch.save_model` leaves: one name each.
  @Test(arguments: [true, false]) func truncatedNetworksAreRead(whole: Bool) throws {
    func encoder() throws -> Encoder {
      try ResNet.resnet3D18(channels: 1, width: 2, embedding: 5).truncated(depth: 2).encoder()
    }
    let (saved, read) = (try ParameterSet(encoder().layers), try ParameterSet(encoder().layers))
    try saved.initialise(seed: 1)
    try read.initialise(seed: 2)
    var seen: Set<String> = []
    let values = AlignedBuffer<Float>(100_000)
    let tensors = try encoder().stateDict.reversed().compactMap { entry -> NamedTensor? in
      if entry.name.hasSuffix("num_batches_tracked") { return nil }
      guard case .tensor(let name) = entry.source else {
        return NamedTensor(name: entry.name, shape: entry.shape, pointer: values.pointer)
      }
      // The second names come first in the reversed list, and then stand alone.
      guard seen.insert(name).inserted || whole else { return nil }
      let arena = saved.parameters.layout.contains(name) ? saved.parameters : saved.statistics
      return NamedTensor(name: entry.name, shape: entry.shape, pointer: try arena.pointer(of: name))
    }
    try withExtendedLifetime((saved, values)) { _ = try SafetensorsWriter.write(tensors, to: path) }
    let initial = try InitialParameters(reading: path, into: read, peer: PeerNames(encoder()))
    #expect(bits(read, "") == bits(saved, ""))
    #expect(
      tensors.contains { $0.name == "first_conv.0.weight" } && tensors.contains { $0.name == "conv1.weight" } == whole)
    #expect(
      initial.remarks.count == 1 && initial.remarks.allSatisfy { $0.contains("embedding.") && $0.contains("in all") })
    expectFailure(.data, "the network") { _ = try InitialParameters(reading: path, into: read) }
  }

  @Test func whatDoesNotFitIsNamed() throws {
    let saved = try state(seed: 1)
    func expectFailure(_ words: String..., in state: ParameterSet? = nil) throws {
      let state = try state ?? self.state(seed: 2)
      let failure = #expect(throws: Failure.self) { try InitialParameters(reading: path, into: state) }
      #expect(failure?.kind == .data)
      for word in words { #expect(failure?.description.contains(word) == true, "\(failure?.description ?? "")") }
    }
    try write(saved) { $0.contains("layer3") ? nil : $0 }
    try expectFailure(
      "lacks 25 of the network's tensors", "encoder.layer3.", "… (25 in all)")
    try write(saved) { $0 == "projection_head.layers.4.bias" ? nil : $0 }
    try expectFailure("lacks 1", "'projection_head.layers.4.bias'")
    try write(saved) { "other." + $0 }
    try expectFailure("no tensor of the file belongs to the network", "other.encoder.bn1.bias", "encoder.")
    try write(saved) { $0.hasPrefix("projection_head.") ? nil : $0 }
    try expectFailure("has another shape, and 9", "expected: encoder.", "[2", in: state(seed: 2, width: 3))
    try write(saved, extra: [("encoder.layer4.2.conv1.weight", [16, 16, 3, 3])]) { $0 }
    try expectFailure("the network has no tensor 'encoder.layer4.2.conv1.weight'")
    // A second copy that is not a second name: which of the two is meant?
    try write(saved, extra: [("backbone.conv1.weight", [2, 1, 7, 7])]) { $0 }
    try expectFailure("the network has no tensor 'backbone.conv1.weight'")
    try write(saved, extra: [("projection_head.layers.9.weight", [2, 2])]) { $0 }
    try expectFailure("projection_head.layers.9.weight")
    try saved.parameters.pointer(of: "encoder.bn1.weight")[1] = .nan
    try write(saved) { $0 }
    try expectFailure("encoder.bn1.weight", "not a number")
  }
}
