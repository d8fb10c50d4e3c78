import Layers
import Testing

/// Every layer against central differences of its own forward pass, on odd sizes: one sample of each view per shard,
/// two shards.
@Suite struct FiniteDifferenceTests {
  /// Images of two and of three directions.
  static let extents = [[1, 1], [2, 7], [7, 13], [13, 2], [1, 1, 2], [7, 2, 7]]
  static let channels = [1, 3, 17]

  private func blocked(_ channels: Int, _ extents: [Int]) -> TensorShape {
    TensorShape(samples: 4, channels: channels, spatial: extents, layout: channelBlocks)
  }

  private func convolution(
    _ name: String, _ inputs: Int, _ outputs: Int, _ extents: [Int], kernel: Int = 3, stride: Int = 1,
    groups: Int = 1, bias: Bool = false
  ) -> Convolution {
    Convolution(
      name, inputChannels: inputs, outputChannels: outputs, kernel: extents.map { _ in kernel }, stride: stride,
      padding: kernel / 2, groups: groups, bias: bias)
  }

  // MARK: Layers that are linear

  @Test(arguments: channels, channels) func linear(inputs: Int, outputs: Int) throws {
    for bias in [false, true] {
      try expectGradients(
        of: [Linear("l", inputs: inputs, outputs: outputs, bias: bias)],
        input: TensorShape(samples: 4, channels: inputs))
    }
  }

  @Test(arguments: channels, extents) func convolutions(channels: Int, extents: [Int]) throws {
    for (outputs, kernel, stride, bias) in [(1, 3, 1, true), (3, 1, 2, false), (17, 3, 2, true), (17, 7, 2, false)] {
      try expectGradients(
        of: [convolution("c", channels, outputs, extents, kernel: kernel, stride: stride, bias: bias)],
        input: TensorShape(samples: 4, channels: channels, spatial: extents))
    }
  }

  @Test(arguments: ConvolutionFormTests.cases.filter { $0.algorithm == .direct })
  func convolutionsOfEveryForm(_ c: ConvolutionFormTests.Case) throws {
    try expectGradients(of: [c.layer], input: blocked(c.inputs, c.extents))
  }

  @Test(arguments: channels, extents) func globalAveragePooling(channels: Int, extents: [Int]) throws {
    try expectGradients(of: [GlobalAveragePooling()], input: blocked(channels, extents))
  }

  // MARK: Layers with kinks

  @Test(arguments: channels, extents) func maxPooling(channels: Int, extents: [Int]) throws {
    let window = extents.map { min($0, 3) }
    try expectGradients(
      of: [MaxPooling(window: window, stride: window.map { _ in 2 }, padding: window.map { $0 / 2 })],
      input: blocked(channels, extents))
  }

  @Test(arguments: channels, extents) func relu(channels: Int, extents: [Int]) throws {
    try expectGradients(of: [ReLU()], input: blocked(channels, extents))
  }

  @Test(arguments: channels, extents) func batchNormalization(channels: Int, extents: [Int]) throws {
    for rectifies in [false, true] {
      let layer = BatchNormalization("b", channels: channels, rectifies: rectifies)
      try expectGradients(of: [layer], input: blocked(channels, extents))
      let last = BatchNormalization("b", channels: channels, rectifies: rectifies)
      try expectGradients(
        of: [ResidualBlock(body: [], last: last, projection: nil)], input: blocked(channels, extents))
    }
  }

  @Test(arguments: channels) func batchNormalizationOfRows(features: Int) throws {
    for (shards, samples) in [(2, 4), (4, 16)] {
      try expectGradients(
        of: [BatchNormalization("b", channels: features, rectifies: true)],
        input: TensorShape(samples: samples, channels: features), shards: shards)
    }
  }

  // MARK: Layers together

  @Test(arguments: channels, [[13, 2], [7, 2, 7]]) func residualBlocks(channels: Int, extents: [Int]) throws {
    for (outputs, stride, groups) in [(channels, 1, 1), (channels, 2, channels), (2 * channels, 1, channels)] {
      let projects = stride > 1 || outputs != channels
      let block = ResidualBlock(
        body: [
          convolution("conv1", channels, outputs, extents, stride: stride, groups: groups),
          BatchNormalization("bn1", channels: outputs, rectifies: true),
          convolution("conv2", outputs, outputs, extents, bias: true),
        ], last: BatchNormalization("bn2", channels: outputs, rectifies: true),
        projection: projects
          ? [
            convolution("down.0", channels, outputs, extents, kernel: 1, stride: stride),
            BatchNormalization("down.1", channels: outputs, rectifies: false),
          ] : nil)
      try expectGradients(of: [block], input: blocked(channels, extents), normShift: 4)
    }
  }

  /// From images to embeddings.
  @Test func aNetwork() throws {
    try expectGradients(
      of: [
        convolution("a", 3, 17, [13, 7]), BatchNormalization("b", channels: 17, rectifies: true),
        MaxPooling(window: 3, stride: 2, padding: 1), convolution("c", 17, 34, [7, 4], groups: 17, bias: true), ReLU(),
        GlobalAveragePooling(), Linear("d", inputs: 34, outputs: 3, bias: true),
      ], input: TensorShape(samples: 4, channels: 3, spatial: [13, 7]))
  }

  // MARK: The test itself

  /// An error of 1 % in a gradient is found in the input's and in every parameter's.
  @Test(arguments: [0.99, 1.01]) func smallErrorsAreFound(factor: Double) throws {
    let shape = TensorShape(samples: 4, channels: 3, spatial: [7, 13])
    let networks: [(layers: [any Layer], tensors: [String])] = [
      ([convolution("c", 3, 17, [7, 13], bias: true)], ["the input", "c.weight", "c.bias"]),
      ([MaxPooling(window: 3, stride: 2, padding: 1)], ["the input"]),
      ([BatchNormalization("b", channels: 3, rectifies: true)], ["the input", "b.weight", "b.bias"]),
      (
        [convolution("c", 3, 17, [7, 13]), BatchNormalization("b", channels: 17, rectifies: true)],
        ["the input", "b.weight", "b.bias", "c.weight"]
      ),
    ]
    for (layers, tensors) in networks {
      var input = shape
      if !(layers[0] is Convolution) { input.layout = channelBlocks }
      let differences = try FiniteDifferences(
        layers, input: input, shards: 2, seed: 1, normShift: tensors.count > 3 ? 4 : 0)
      let found = try differences.disagreements(factor: factor).map { $0.prefix { $0 != ":" } }
      #expect(found.map(String.init) == tensors)
    }
  }
}
