import Encoders
import Files
import Layers
import ModelFiles
import TestSupport
import Testing
import TwinNetwork

@Suite struct ModelFileTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("model.safetensors")
  }

  /// Encoder and projector, or the encoder alone.
  private func state(seed: UInt64, hidden: [Int] = [6, 4], projects: Bool = true) throws -> ParameterSet {
    let encoder = MLP(inputs: 5, hidden: hidden).encoder
    let projector = Projector(inputs: hidden.last!, hidden: 7, outputs: 3)
    let state = try ParameterSet(Sequential(projects ? [encoder.layers, projector.layers] : [encoder.layers]))
    try state.initialise(seed: seed)
    for (index, value) in normalNumbers(state.statistics.layout.total, seed: seed).enumerated() {
      if state.statistics.layout.entries.contains(where: { $0.range.contains(index) }) {
        state.statistics.values.pointer[index] = value
      }
    }
    return state
  }

  private func write(_ state: ParameterSet, step: Int = 3) throws {
    let model = try ModelFile(state)
    try withExtendedLifetime(model) { _ = try SafetensorsWriter.write(model.tensors(updates: step), to: path) }
  }

  @Test func everyTensorComesBack() throws {
    let (saved, other) = (try state(seed: 1), try state(seed: 2))
    try write(saved)
    try ModelFile(other).read(path)
    #expect(bits(other.parameters.values) == bits(saved.parameters.values))
    #expect(bits(other.statistics.values) == bits(saved.statistics.values))
  }

  /// PyTorch's `load_state_dict(strict=True)` wants one for each batch norm: two batches a step.
  @Test func batchNormsCountTheirBatches() throws {
    try write(try state(seed: 1), step: 21)
    let file = try SafetensorsFile(path: path)
    for name in ["projection_head.layers.1", "projection_head.layers.4"] {
      let counter = name + ".num_batches_tracked"
      #expect(try file.entry(counter).dtype == "I64" && file.shape(of: counter) == [])
      #expect(try file.floats(of: counter, converting: true) == [42])
      for part in ["weight", "bias", "running_mean", "running_var"] {
        #expect(try file.shape(of: "\(name).\(part)") == [7])
      }
    }
    #expect(file.names.filter { $0.hasSuffix("num_batches_tracked") }.count == 2)
    #expect(file.names.count == 4 + 8 + 4 + 2)
  }

  @Test func anEncoderAloneLeavesTheProjectorOut() throws {
    let (whole, encoder) = (try state(seed: 1), try state(seed: 2, projects: false))
    try write(whole)
    expectFailure(.data, "projection_head.layers", "remedy") { try ModelFile(encoder).read(path) }
    try ModelFile(encoder).read(path, ignoring: "projection_head.")
    for entry in encoder.parameters.layout.entries {
      let (found, expected) = (encoder.parameters.pointer(of: entry), try whole.parameters.pointer(of: entry.name))
      #expect((0..<entry.count).allSatisfy { found[$0] == expected[$0] })
    }
  }

  @Test func anotherNetworkIsAnError() throws {
    try write(try state(seed: 1))
    expectFailure(.data, "another shape", "encoder.3.weight", "[4, 8]", "[4, 6]") {
      try ModelFile(try state(seed: 2, hidden: [8, 4])).read(path)
    }
    expectFailure(.data, "encoder.6", "no tensor") {
      try ModelFile(try state(seed: 2, hidden: [6, 4, 4])).read(path)
    }
    expectFailure(.data, "no tensor 'encoder.3") { try ModelFile(try state(seed: 2, hidden: [4])).read(path) }
  }

  @Test(arguments: [Float.nan, .infinity]) func valuesThatAreNoNumbersAreErrors(value: Float) throws {
    let saved = try state(seed: 1)
    try saved.statistics.pointer(of: "projection_head.layers.4.running_var")[2] = value
    try write(saved)
    expectFailure(.data, "projection_head.layers.4.running_var", "element 2") {
      try ModelFile(try state(seed: 2)).read(path)
    }
  }
}
