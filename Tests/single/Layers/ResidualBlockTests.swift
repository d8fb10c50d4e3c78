import Layers
import TestSupport
import Testing

@Suite struct ResidualBlockTests {
  /// A basic block as ResNet-18 has it, and its oracle.
  private struct Block {
    let (name, inputs, outputs, stride): (String, Int, Int, Int)
    var projects: Bool { stride > 1 || inputs != outputs }

    var layer: ResidualBlock {
      func convolution(_ part: String, _ inputs: Int, kernel: Int, stride: Int) -> Convolution {
        Convolution(
          "\(name).\(part)", inputChannels: inputs, outputChannels: outputs, kernel: [kernel, kernel], stride: stride,
          padding: kernel / 2)
      }
      return ResidualBlock(
        body: [
          convolution("conv1", inputs, kernel: 3, stride: stride),
          BatchNormalization("\(name).bn1", channels: outputs, rectifies: true),
          convolution("conv2", outputs, kernel: 3, stride: 1),
        ], last: BatchNormalization("\(name).bn2", channels: outputs, rectifies: true),
        projection: projects
          ? [
            convolution("down.0", inputs, kernel: 1, stride: stride),
            BatchNormalization("\(name).down.1", channels: outputs, rectifies: false),
          ] : nil)
    }

    func oracle(_ test: TestNetwork, isTraining: Bool) throws -> ResidualOracle {
      func convolution(_ part: String, kernel: Int, stride: Int) throws -> ConvolutionOracle {
        ConvolutionOracle(
          weight: try test.value("\(name).\(part).weight"), outputs: outputs, kernel: kernel, stride: stride,
          padding: kernel / 2)
      }
      func batchNorm(_ part: String, rectifies: Bool) throws -> BatchNormalizationOracle {
        try BatchNormalizationOracle(test, "\(name).\(part)", rectifies: rectifies, isTraining: isTraining)
      }
      return ResidualOracle(
        body: [
          try convolution("conv1", kernel: 3, stride: stride), try batchNorm("bn1", rectifies: true),
          try convolution("conv2", kernel: 3, stride: 1),
        ], last: try batchNorm("bn2", rectifies: true),
        projection: projects
          ? [try convolution("down.0", kernel: 1, stride: stride), try batchNorm("down.1", rectifies: false)] : [])
    }

    /// The gradients that the oracle has, by name.
    func gradients(_ oracle: ResidualOracle) -> [String: [Double]] {
      var result: [String: [Double]] = [:]
      let names = ["conv1", "bn1", "conv2", "down.0", "down.1"]
      let layers = oracle.body + oracle.projection
      for (part, layer) in zip(names, layers) + [("bn2", oracle.last)] {
        if let layer = layer as? ConvolutionOracle { result["\(name).\(part).weight"] = layer.weightGradient }
        if let layer = layer as? BatchNormalizationOracle {
          result["\(name).\(part).weight"] = layer.gammaGradient
          result["\(name).\(part).bias"] = layer.betaGradient
        }
      }
      return result
    }
  }

  private static let kinds: [(Int, Int, Int)] = [(16, 16, 1), (16, 32, 2), (20, 12, 1), (16, 16, 2)]

  @Test(arguments: kinds, [1, 2, 4]) func oneBlock(kind: (Int, Int, Int), shards: Int) throws {
    let block = Block(name: "r", inputs: kind.0, outputs: kind.1, stride: kind.2)
    try check([block], input: TensorShape(samples: 8, channels: 3, spatial: [6, 5]), shards: shards)
  }

  /// Plain images, other channels, and another size.
  @Test func shortcutsThatDoNotFitAreErrors() {
    for (channels, stride, layout) in [(3, 1, .plain), (20, 1, channelBlocks), (16, 2, channelBlocks)]
      as [(Int, Int, TensorShape.Layout)]
    {
      let outputs = channels == 20 ? 16 : channels
      let block = ResidualBlock(
        body: [
          Convolution(
            "c", inputChannels: channels, outputChannels: outputs, kernel: [3, 3], stride: stride, padding: 1)
        ], last: BatchNormalization("b", channels: outputs, rectifies: true), projection: nil)
      expectFailure(.usage, "b.weight", "shortcut", "\(channels)×6×6", "projection") {
        _ = try TestNetwork(
          [block], input: TensorShape(samples: 2, channels: channels, spatial: [6, 6], layout: layout))
      }
    }
  }

  /// Blocks share the memory of their gradients: what is still needed must not be overwritten.
  @Test(arguments: [1, 2, 4]) func aChainOfBlocks(shards: Int) throws {
    let blocks = [
      Block(name: "a", inputs: 16, outputs: 16, stride: 1), Block(name: "b", inputs: 16, outputs: 32, stride: 2),
      Block(name: "c", inputs: 32, outputs: 32, stride: 1), Block(name: "d", inputs: 32, outputs: 32, stride: 1),
    ]
    try check(blocks, input: TensorShape(samples: 8, channels: 3, spatial: [6, 5]), shards: shards)
  }

  private func network(_ blocks: [Block]) -> [any Layer] {
    let width = blocks[0].inputs
    return [
      Convolution("stem", inputChannels: 3, outputChannels: width, kernel: [3, 3], padding: 1),
      BatchNormalization("bn", channels: width, rectifies: true),
    ] + blocks.map(\.layer) + [GlobalAveragePooling()]
  }

  private func check(_ blocks: [Block], input: TensorShape, shards: Int) throws {
    let test = try TestNetwork(network(blocks), input: input, shards: shards)
    let stem = ConvolutionOracle(
      weight: try test.value("stem.weight"), outputs: blocks[0].inputs, kernel: 3, padding: 1)
    let oracles = try blocks.map { try $0.oracle(test, isTraining: true) }
    let batchNorm = try BatchNormalizationOracle(test, "bn", rectifies: true)
    let all: [any LayerOracle] = [stem, batchNorm] + oracles + [GlobalAveragePoolingOracle()]
    for seed in [1, 2] as [UInt64] {
      let x = Samples(input.samples, input.channels, input.spatial, seed: seed)
      let dy = Samples(input.samples, blocks.last!.outputs, seed: seed + 10)
      #expect(distance(try test.forward(x).values, from: all.reduce(x) { $1.forward($0) }.values) < 5e-6)
      let dx = try #require(try test.backward(dy))
      #expect(distance(dx.values, from: all.reversed().reduce(dy) { $1.backward($0) }.values) < 2e-5)
      #expect(distance(try test.gradient("stem.weight"), from: stem.weightGradient) < 2e-5)
      for (block, oracle) in zip(blocks, oracles) {
        for (name, gradient) in block.gradients(oracle) {
          #expect(distance(try test.gradient(name), from: gradient) < 2e-5, "\(name)")
        }
        #expect(distance(try test.statistic("\(block.name).bn2.running_var"), from: oracle.last.runningVariance) < 5e-6)
      }
      #expect(test.paddingStaysZero)
    }
  }

  @Test(arguments: kinds) func inference(kind: (Int, Int, Int)) throws {
    let blocks = [
      Block(name: "a", inputs: kind.0, outputs: kind.1, stride: kind.2),
      Block(name: "b", inputs: kind.1, outputs: kind.1, stride: 1),
    ]
    let input = TensorShape(samples: 3, channels: 3, spatial: [6, 5])
    let test = try TestNetwork(network(blocks), input: input, isTraining: false)
    let stem = ConvolutionOracle(weight: try test.value("stem.weight"), outputs: kind.0, kernel: 3, padding: 1)
    let oracles: [any LayerOracle] =
      [stem, try BatchNormalizationOracle(test, "bn", rectifies: true, isTraining: false)]
      + (try blocks.map { try $0.oracle(test, isTraining: false) }) + [GlobalAveragePoolingOracle()]
    let x = Samples(3, 3, [6, 5], seed: 3)
    let expected = oracles.reduce(x) { $1.forward($0) }
    for _ in 0..<2 { #expect(distance(try test.forward(x).values, from: expected.values) < 5e-6) }
  }

  /// Gradients reported as complete while backward runs no longer change, and in the end all are reported.
  @Test(arguments: [1, 2, 4]) func completedGradientsAreFinal(shards: Int) throws {
    let blocks = [
      Block(name: "a", inputs: 16, outputs: 16, stride: 1), Block(name: "b", inputs: 16, outputs: 32, stride: 2),
    ]
    let test = try TestNetwork(
      network(blocks) + [Linear("l", inputs: 32, outputs: 5, bias: true)],
      input: TensorShape(samples: 8, channels: 3, spatial: [6, 5]), shards: shards)
    let gradients = test.state.parameters.gradients
    var seen: [(end: Int, values: [UInt32])] = []
    test.batch.completed = { end in seen.append((end, Array(bits(gradients)[..<end]))) }
    _ = try test.forward(Samples(8, 3, [6, 5], seed: 1))
    try test.backward(Samples(8, 5, seed: 2))
    let final = bits(gradients)
    // stem, bn, five layers of a, seven of b, l; each once, in the order of the arena.
    #expect(seen.count == 1 + 1 + 4 + 6 + 1)
    #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.end < $1.end })
    for (end, values) in seen { #expect(values == Array(final[..<end])) }
    #expect(seen.last?.end == test.state.parameters.layout.entries.last?.range.upperBound)
    #expect(gradients.elements.allSatisfy { $0.isFinite })
  }
}
