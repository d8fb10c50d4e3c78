import Diagnostics
import Encoders
import Layers
import Planning
import Testing

@Suite struct ModelTableTests {
  private func describe(_ encoder: Encoder, _ sampleShape: [Int]) throws -> [LayerDescription] {
    let state = try ParameterSet(encoder.layers)
    let workspace = try Workspace(
      batch: LocalBatch(), parameters: state.parameters, statistics: state.statistics, isTraining: false,
      convolution: .auto, largestGroup: 0)
    let input = try encoder.inputShape(samples: 1, sampleShape)
    return try PlannedNetwork(encoder.layers, input: input, workspace).descriptions
  }

  /// torchvision's model without `fc`: 11,689,512 − 513,000 parameters, and fvcore's 1,814,073,344 − 512,000
  /// multiply-adds.
  @Test func resNet18IsCountedAsPyTorchDoes() throws {
    let layers = try describe(try ResNet.resnet18(channels: 3).encoder(), [3, 224, 224])
    let table = ModelTable(layers: layers, samples: 1, lossFlops: 0)
    #expect(table.parameters == 11_176_512)
    #expect(table.multiplyAdds.forward == 1_813_561_344)
    // The gradient of the images is not computed.
    let stem = 64 * 112 * 112 * 3 * 49
    #expect(layers[0].multiplyAdds == MultiplyAdds(forward: stem, backward: stem))
    #expect(table.multiplyAdds.backward == 2 * table.multiplyAdds.forward - stem)
    #expect(
      layers.map(\.name) == [
        "encoder.conv1", "encoder.bn1", "", "encoder.layer1.0", "encoder.layer1.1", "encoder.layer2.0",
        "encoder.layer2.1", "encoder.layer3.0", "encoder.layer3.1", "encoder.layer4.0", "encoder.layer4.1", "",
      ])
    #expect(layers.map(\.output.description)[..<4] == ["64×112×112", "64×112×112", "64×56×56", "64×56×56"])
    #expect(layers[2].kind == "MaxPooling 3, stride 2" && layers[3].kind == "ResidualBlock")
    #expect(layers[0].kind == "Convolution 7×7, stride 2" && layers[1].kind == "BatchNormalization, ReLU")
    #expect(layers[4].parameters == 2 * (64 * 64 * 9 + 128))
  }

  @Test func aPerceptronIsCountedLayerByLayer() throws {
    let layers = try describe(MLP(inputs: 20, hidden: [32, 16]).encoder, [20])
    #expect(layers.map(\.name) == ["encoder.0", "", "encoder.3"])
    #expect(layers.map(\.parameters) == [20 * 32 + 32, 0, 32 * 16 + 16])
    #expect(
      layers.map(\.multiplyAdds.forward) == [640, 0, 512] && layers.map(\.multiplyAdds.backward) == [640, 0, 1024])
  }

  /// A user's own layer need not say anything.
  @Test func aForeignLayerIsNamedByItsTypeAndParameters() throws {
    final class Scaling: Layer {
      let parameters = ["a.b.scale", "a.b.inner.shift"].map {
        ParameterSpec(name: $0, shape: [4], initialization: .constant(1))
      }
      func planForward(_ input: Activation, _ workspace: Workspace) -> Activation { input }
      func planBackward(_ workspace: Workspace) {}
      func forward() {}
      func backward() {}
    }
    let encoder = Encoder(
      name: "scaling", layers: Sequential([Sequential([Scaling()])]), features: 4, input: .rows)
    let expected = LayerDescription(
      name: "a.b", kind: "Scaling", output: TensorShape(samples: 1, channels: 4), parameters: 8,
      multiplyAdds: MultiplyAdds())
    #expect(try describe(encoder, [4]) == [expected])
  }

  @Test func columnsAreAligned() {
    let layers = [
      LayerDescription(
        name: "encoder.conv1", kind: "Convolution 3×3", output: TensorShape(samples: 8, channels: 64, spatial: [8, 8]),
        parameters: 1728, multiplyAdds: MultiplyAdds(forward: 110_592, backward: 110_592)),
      LayerDescription(
        name: "", kind: "GlobalAveragePooling", output: TensorShape(samples: 8, channels: 64), parameters: 0,
        multiplyAdds: MultiplyAdds()),
    ]
    let table = ModelTable(layers: layers, samples: 16, lossFlops: 22_144)
    #expect(table.flopsPerStep == 2 * 32 * 2 * 110_592 + 22_144)
    #expect(
      table.lines == [
        "  name           layer                 output  parameters  mult-adds",
        "  encoder.conv1  Convolution 3×3       64×8×8       1,728      111 k",
        "                 GlobalAveragePooling  64               0          0",
        "  total                                             1,728      111 k",
        "  a step with backward and loss, over all ranks: 14.2 Mflop; mult-adds: of one view, forward",
      ])
  }

  @Test func noLineIsLongerThanAHundredColumns() {
    let long = LayerDescription(
      name: String(repeating: "encoder.block.", count: 9), kind: String(repeating: "Kind ", count: 20),
      output: TensorShape(samples: 1, channels: 123_456, spatial: [1210, 1450, 1210]), parameters: 987_654_321,
      multiplyAdds: MultiplyAdds(forward: 123_456_789_012, backward: 0))
    let lines = ModelTable(layers: [long, long], samples: 1 << 20, lossFlops: 1 << 50).lines
    #expect(
      lines.allSatisfy { $0.count <= 100 }
        && lines[1].contains("…der.block.encoder.block.  Kind Kind Kind Kind Kind K…  "))
    #expect(Set(lines[..<4].map(\.count)).count == 1)
  }

  @Test func numbersInWords() {
    #expect(
      [0, 7, 999, 1000, 11_176_512, -1234].map(SummaryText.grouped) == [
        "0", "7", "999", "1,000", "11,176,512", "-1,234",
      ])
    #expect(
      [0, 999, 999.6, 1234, 99_960, 1.8136e9].map(SummaryText.scaled) == [
        "0", "999", "1.00 k", "1.23 k", "100 k", "1.81 G",
      ])
    #expect(
      [0, 512, 1023, 10 << 20, 5_282_170_470].map(SummaryText.bytes) == [
        "0 B", "512 B", "1.00 KiB", "10.0 MiB", "4.92 GiB",
      ])
  }
}
