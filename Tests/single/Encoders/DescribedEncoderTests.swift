import Diagnostics
import Encoders
import Layers
import Testing

/// Names, shapes and errors of described networks.
@Suite struct DescribedEncoderTests {
  private static func convolution(_ channels: Int, stride: AxisSizes = 1, padding: LayerPadding = 1)
    -> LayerSpecification
  {
    .convolution(.init(channels, kernelSize: 3, stride: stride, padding: padding, bias: false))
  }

  /// What `torch.nn.Sequential` of the same modules lists in its `state_dict`.
  @Test func namesAreThoseOfSequential() throws {
    let block = [
      LayerSpecification.residual(
        body: [Self.convolution(8, stride: 2), .batchNorm, .relu, Self.convolution(8), .batchNorm],
        shortcut: [.convolution(.init(8, kernelSize: 1, stride: 2, bias: false)), .batchNorm]), .relu,
    ]
    let encoder = try Encoder.described(
      [Self.convolution(4), .batchNorm, .relu, .maxPool(.init(2)), .repeated(2, block)] + [
        .residual(body: [.relu, Self.convolution(8)]), .globalAveragePool, .flatten, .linear(outputs: 5),
      ], sampleShape: [3, 32, 32])
    let shapes = Dictionary(uniqueKeysWithValues: encoder.layers.parameters.map { ($0.name, $0.shape) })
    var expected: [String: [Int]] = [
      "0.weight": [4, 3, 3, 3], "1.weight": [4], "1.bias": [4], "8.body.1.weight": [8, 8, 3, 3],
      "11.weight": [5, 8], "11.bias": [5],
    ]
    for (name, inputs) in [("4", 4), ("6", 8)] {
      expected["\(name).body.0.weight"] = [8, inputs, 3, 3]
      expected["\(name).body.3.weight"] = [8, 8, 3, 3]
      expected["\(name).shortcut.0.weight"] = [8, inputs, 1, 1]
      for norm in ["body.1", "body.4", "shortcut.1"] {
        (expected["\(name).\(norm).weight"], expected["\(name).\(norm).bias"]) = ([8], [8])
      }
    }
    #expect(shapes == Dictionary(uniqueKeysWithValues: expected.map { ("encoder." + $0.key, $0.value) }))
    let norms = ["1", "4.body.1", "4.body.4", "4.shortcut.1", "6.body.1", "6.body.4", "6.shortcut.1"]
    #expect(
      Set(encoder.layers.buffers.map(\.name))
        == Set(norms.flatMap { ["encoder.\($0).running_mean", "encoder.\($0).running_var"] }))
    #expect(encoder.features == 5 && encoder.name == "layers")
  }

  /// A norm and its ReLU, and a residual with its norm and ReLU, are one pass over memory.
  @Test func normsAndReLUsBecomeOne() throws {
    let encoder = try Encoder.described(
      [
        Self.convolution(4), .batchNorm, .relu, .residual(body: [Self.convolution(4), .batchNorm]), .relu,
        .residual(body: [Self.convolution(4)]), .relu, .globalAveragePool, .batchNorm, .relu,
      ], sampleShape: [1, 8, 8])
    #expect(
      encoder.layers.layers.map { "\(type(of: $0))" } == [
        "Convolution", "BatchNormalization", "ResidualBlock", "ResidualSum", "ReLU", "GlobalAveragePooling",
        "BatchNormalization",
      ])
  }

  @Test func flatImagesAreRows() throws {
    let encoder = try Encoder.described([.flatten, .linear(outputs: 3)], sampleShape: [2, 4, 5])
    #expect(encoder.layers.parameters.first?.shape == [3, 40])
    #expect(try encoder.inputShape(samples: 2, [2, 4, 5]) == TensorShape(samples: 2, channels: 40))
  }

  // MARK: Errors

  private func failure(_ layers: [LayerSpecification], _ shape: [Int] = [3, 8, 8]) -> Failure? {
    let failure = #expect(throws: Failure.self) { try Encoder.described(layers, sampleShape: shape) }
    #expect(failure?.kind == .usage)
    return failure
  }

  @Test func layersThatDoNotFit() {
    let small = failure([.maxPool(.init(2)), Self.convolution(4), .maxPool(.init(5)), .globalAveragePool])
    #expect(small?.location == "layers[2]" && small?.expected == "extents of at least 5×5" && small?.found == "4×4")
    let kernel = failure([.convolution(.init(4, kernelSize: [3, 9], dilation: [4, 1]))])
    #expect(kernel?.message == "the kernel does not fit into the images" && kernel?.expected?.hasSuffix("9×9") == true)
    #expect(failure([.convolution(.init(4, kernelSize: [3, 3, 3]))])?.location == "layers[0]")
    #expect(failure([Self.convolution(4), .linear(outputs: 3)])?.remedy?.contains("'flatten'") == true)
    #expect(failure([.globalAveragePool, Self.convolution(4)])?.found == "3 features without extents")
    #expect(failure([Self.convolution(4)], [7])?.message == "the layer takes images or volumes")
    #expect(failure([.maxPool(.init(2))], [7])?.location == "layers[0]")
    #expect(failure([.maxPool(.init(3, padding: 2))])?.message == "the padding is too wide")
    let groups = failure([.convolution(.init(4, kernelSize: 3, groups: 2))])
    #expect(groups?.found == "3 in, 4 out" && groups?.location == "layers[0]")
    for (kernel, stride) in [(2, 1), (3, 2)] as [(AxisSizes, AxisSizes)] {
      let same = failure([.convolution(.init(4, kernelSize: kernel, stride: stride, padding: .same))])
      #expect(same?.message == "padding 'same' does not fit this convolution")
    }
  }

  @Test func branchesOfDifferentShapes() {
    let channels = failure([Self.convolution(4), .residual(body: [Self.convolution(8, stride: 2), .batchNorm])])
    #expect(channels?.location == "layers[1]" && channels?.expected == "8×4×4, as the body gives")
    #expect(channels?.found == "4×8×8, its input")
    #expect(
      channels?.remedy?.hasPrefix("add shortcut: [{convolution: 8, kernel_size: 1, stride: 2}, 'batch_norm']") == true)
    let extents = failure([.residual(body: [Self.convolution(3, padding: 0)])])
    #expect(extents?.remedy == "give its layers padding that keeps the extents, or a shortcut")
    let both = failure([.residual(body: [Self.convolution(4)], shortcut: [Self.convolution(5)])])
    #expect(both?.found == "5×8×8, as the shortcut gives")
    #expect(failure([.residual(body: [.linear(outputs: 4)])], [7])?.remedy == "add shortcut: [{linear: 4}]")
    let inner = failure([.repeated(2, [.residual(body: [.relu, Self.convolution(4), .linear(outputs: 2)])])])
    #expect(inner?.location == "layers[0].layers[0].residual[2]")
  }

  @Test func concatenationsAndPoolings() {
    let stride = failure([.concatenate([Self.convolution(4, stride: 2)])])
    #expect(stride?.expected == "extents 8×8, as they go in" && stride?.found == "4×4")
    #expect(failure([.adaptiveAveragePool(outputSize: [2, 2, 2])])?.found == "[2, 2, 2]")
    #expect(failure([.averagePool(.init(9))])?.message == "the window does not fit into the images")
    #expect(failure([.globalMaxPool], [7])?.message == "the layer takes images or volumes")
  }

  /// As `torch.nn` draws them: uniform in ±1/√(inputs of an output), biases too.
  @Test func initialValuesArePyTorchs() throws {
    let encoder = try Encoder.described(
      [.convolution(.init(4, kernelSize: 3, groups: 2)), .globalAveragePool, .linear(outputs: 9)],
      sampleShape: [6, 8, 8])
    for spec in encoder.layers.parameters {
      let inputs = spec.name.contains("0.") ? 27.0 : 4
      #expect(spec.initialization == .uniform(bound: 1 / inputs.squareRoot()), "\(spec.name)")
    }
  }

  @Test func networksThatAreNone() {
    #expect(failure([])?.message == "the encoder has no layers")
    let images = failure([Self.convolution(4), .relu])
    #expect(images?.location == "layers[1]" && images?.remedy == "add 'global_average_pool' or 'flatten'")
    #expect(failure([.relu, .globalAveragePool])?.message == "the encoder has nothing to train")
  }
}
