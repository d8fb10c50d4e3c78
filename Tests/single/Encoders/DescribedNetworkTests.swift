import Encoders
import Layers
import Testing

/// Described networks against the same lists computed layer by layer in double precision: layers that are merged,
/// work in place or share memory must not change what comes out.
@Suite struct DescribedNetworkTests {
  struct Network: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let shape: [Int]
    let layers: [LayerSpecification]

    init(_ description: String, of shape: [Int] = [3, 6, 5], _ layers: [LayerSpecification]) {
      (testDescription, self.shape, self.layers) = (description, shape, layers)
    }
  }

  /// 3×3, of the same extents.
  static func convolution(_ channels: Int, stride: AxisSizes = 1) -> LayerSpecification {
    .convolution(.init(channels, kernelSize: 3, stride: stride, padding: 1, bias: false))
  }

  /// 1×1.
  static func projection(_ channels: Int, stride: AxisSizes = 1) -> LayerSpecification {
    .convolution(.init(channels, kernelSize: 1, stride: stride, bias: false))
  }

  private static let stem = [convolution(16), .batchNorm, .relu]
  private static let head = [LayerSpecification.globalAveragePool, .linear(outputs: 4)]

  static let networks = [
    Network("a plain network", stem + [.maxPool(.init(2)), convolution(12), .relu] + head),
    Network(
      "basic blocks",
      stem + [
        .repeated(2, [.residual(body: [convolution(16), .batchNorm, .relu, convolution(16), .batchNorm]), .relu]),
        .residual(
          body: [convolution(20, stride: 2), .batchNorm, .relu, convolution(20), .batchNorm],
          shortcut: [projection(20, stride: 2), .batchNorm]), .relu,
      ] + head),
    Network(
      "blocks with the norms first",
      [convolution(16)] + [
        .repeated(2, [.residual(body: [.batchNorm, .relu, convolution(16), .batchNorm, .relu, convolution(16)])]),
        .residual(body: [.batchNorm, .relu, convolution(24, stride: 2)], shortcut: [projection(24, stride: 2)]),
        .batchNorm, .relu,
      ] + head),
    Network(
      "branches that begin in place",
      stem + [
        .residual(body: [.relu, convolution(16)], shortcut: [.batchNorm, .relu]), .relu,
        .residual(body: [.relu]), .residual(body: [.batchNorm], shortcut: [.relu]), .relu,
        .residual(body: [.batchNorm, .relu], shortcut: [convolution(16), .relu]),
        .residual(body: [.batchNorm]),
      ] + head),
    Network(
      "branches in branches",
      stem + [
        .residual(body: [.residual(body: [.relu, convolution(16)]), .batchNorm]), .relu,
        .residual(
          body: [.residual(body: [.batchNorm]), .relu, convolution(16)],
          shortcut: [.residual(body: [.relu, convolution(16), .batchNorm]), .relu]),
        .residual(body: [.residual(body: [.residual(body: [.relu])])]), .relu,
      ] + head),
    Network(
      "sums that end in a ReLU or in nothing",
      stem + [
        .residual(body: [convolution(16), .batchNorm, .relu]), .relu,
        .residual(body: [convolution(16), .relu]), .residual(body: [convolution(16), .batchNorm]), .batchNorm,
        .residual(body: [convolution(16), .maxPool(.init(3, stride: 1, padding: 1))]),
      ] + head),
    Network("a norm first", [.batchNorm, .relu, convolution(16), .relu] + head),
    Network("a ReLU first", [.relu, convolution(5), .batchNorm] + head),
    Network("a pooling first", [.maxPool(.init(2, stride: 1)), .batchNorm, convolution(16), .relu] + head),
    Network(
      "a residual first", [.residual(body: [convolution(3), .batchNorm]), .relu, convolution(8), .batchNorm] + head),
    Network("a sum first", [.residual(body: [.relu, convolution(3)]), .batchNorm] + head),
    Network("means only, then a norm", [convolution(20), .globalAveragePool, .batchNorm, .relu, .linear(outputs: 3)]),
    Network(
      "a table", of: [7],
      [
        .linear(outputs: 20), .batchNorm, .relu, .residual(body: [.linear(outputs: 20), .relu]),
        .residual(body: [.linear(outputs: 20, bias: false), .batchNorm]), .relu,
        .residual(body: [.relu, .linear(outputs: 9)], shortcut: [.linear(outputs: 9)]),
      ]),
    Network(
      "a table with a residual first", of: [7], [.residual(body: [.relu, .linear(outputs: 7)]), .linear(outputs: 4)]),
    Network("a table with a norm first", of: [7], [.batchNorm, .relu, .linear(outputs: 4), .relu]),
    Network(
      "convolutions with all their sizes", of: [2, 9, 8],
      [
        .convolution(.init(12, kernelSize: [3, 2], stride: [1, 2], padding: [1, 0])), .relu,
        .convolution(.init(20, kernelSize: [3, 1], padding: .same, dilation: [2, 1], groups: 4)), .batchNorm, .relu,
        .residual(
          body: [.convolution(.init(20, kernelSize: 3, padding: 1, groups: 20)), .batchNorm, .relu, projection(20)]),
        .convolution(.init(7, kernelSize: 3, padding: 2, dilation: 2, groups: 1, bias: false)),
      ] + head),
    Network(
      "every pooling",
      stem + [
        .averagePool(.init([2, 1], stride: 1, padding: [1, 0])), .relu, .maxPool(.init([1, 2], stride: [1, 2])),
        .residual(body: [.averagePool(.init(3, stride: 1, padding: 1))]),
        .adaptiveAveragePool(outputSize: [4, 3]), convolution(18), .relu, .globalMaxPool, .flatten, .linear(outputs: 4),
      ]),
    Network("an average first", [.averagePool(.init(2)), .flatten, .batchNorm, .relu, .linear(outputs: 4)]),
    Network("a flatten behind channel blocks", stem + [.flatten, .relu, .dropout(0), .linear(outputs: 4)]),
    Network("a maximum over everything first", [.globalMaxPool, .linear(outputs: 4), .relu]),
    Network(
      "dropout everywhere",
      [.dropout(0.25)] + stem + [
        .dropout(0.5), convolution(16), .dropout(0.3), .residual(body: [.dropout(0.5), convolution(16), .batchNorm]),
        .relu,
        .dropout(0.1), .residual(body: [.dropout(0.2)], shortcut: [.dropout(0.4), convolution(16)]), .globalAveragePool,
        .dropout(0.5), .linear(outputs: 8), .relu, .dropout(0.5), .linear(outputs: 4),
      ]),
    Network(
      "concatenations",
      stem + [
        .repeated(2, [.concatenate([.batchNorm, .relu, convolution(5)])]),
        .residual(body: [.concatenate([.relu, convolution(3)]), projection(26)]),
        .concatenate([.residual(body: [.relu, convolution(26), .batchNorm]), .relu]),
        .concatenate([.dropout(0)]), .batchNorm, .relu,
      ] + head),
    Network("a concatenation first", [.concatenate([.relu, convolution(4)]), .batchNorm] + head),
    Network(
      "rows side by side", of: [7], [.concatenate([.relu, .linear(outputs: 5)]), .batchNorm, .linear(outputs: 4)]),
    Network(
      "volumes", of: [2, 5, 4, 6],
      [
        .convolution(.init(8, kernelSize: 3, padding: 1, bias: false)), .batchNorm, .relu,
        .residual(
          body: [
            .convolution(.init(12, kernelSize: [1, 3, 3], stride: [1, 2, 2], padding: [0, 1, 1])), .batchNorm, .relu,
            .convolution(.init(12, kernelSize: [3, 1, 1], padding: .same, groups: 3)), .batchNorm,
          ], shortcut: [.convolution(.init(12, kernelSize: 1, stride: [1, 2, 2])), .batchNorm]), .relu,
        .maxPool(.init([2, 1, 2], stride: 1)), .averagePool(.init([1, 2, 1])),
        .adaptiveAveragePool(outputSize: [2, 1, 2]),
        .flatten, .linear(outputs: 4),
      ]),
    Network("images as rows", of: [2, 3, 2], [.flatten, .linear(outputs: 6), .relu, .linear(outputs: 4)]),
  ]

  @Test(arguments: networks, [1, 2, 4]) func training(_ network: Network, shards: Int) throws {
    let encoder = try Encoder.described(network.layers, sampleShape: network.shape)
    let shape = try encoder.inputShape(samples: 8, network.shape)
    let test = try TestNetwork(encoder.layers.layers, input: shape, shards: shards)
    test.network.workspace.randomness = Self.randomness
    let oracle = try DescribedOracle(network.layers, test, isTraining: true)
    for seed in [1, 2] as [UInt64] {
      let x = Samples(8, shape.channels, shape.spatial, seed: seed)
      let dy = Samples(8, encoder.features, seed: seed + 10)
      #expect(distance(try test.forward(x).values, from: oracle.forward(x).values) < 5e-6)
      let dx = try test.backward(dy)
      let expected = oracle.backward(dy)
      if let dx { #expect(distance(dx.values, from: expected.values) < 3e-5) }
      let gradients = oracle.gradients
      #expect(Set(gradients.keys) == Set(test.state.parameters.layout.entries.map(\.name)))
      let total = norm(gradients.values.flatMap { $0 })
      for (name, gradient) in gradients {
        let found = try test.gradient(name)
        // A shift before a norm has no gradient in exact arithmetic.
        let isZero = norm(gradient) < 1e-9 * total
        #expect(isZero ? norm(found) < 1e-5 * total : distance(found, from: gradient) < 3e-5, "\(name)")
      }
      for (name, statistic) in oracle.statistics {
        #expect(distance(try test.statistic(name), from: statistic) < 5e-6, "\(name)")
      }
      #expect(test.paddingStaysZero)
    }
  }

  /// In bf16 every layer rounds, and the gradient takes another path where that moves a number past zero or another
  /// maximum; sums over shards go the same way.
  @Test(bfloat16IsThere, arguments: networks, [1, 2]) func trainingInBFloat16(_ network: Network, shards: Int) throws {
    let encoder = try Encoder.described(network.layers, sampleShape: network.shape)
    let shape = try encoder.inputShape(samples: 8, network.shape)
    let test = try TestNetwork(encoder.layers.layers, input: shape, shards: shards, element: .bfloat16)
    test.network.workspace.randomness = Self.randomness
    let oracle = try DescribedOracle(network.layers, test, isTraining: true)
    let x = Samples(8, shape.channels, shape.spatial, seed: 1)
    let dy = Samples(8, encoder.features, seed: 11)
    let (forward, expected) = (distance(try test.forward(x).values, from: oracle.forward(x).values), oracle)
    #expect(forward < 0.03)
    let dx = try test.backward(dy)
    let gradient = expected.backward(dy)
    if let dx { #expect(distance(dx.values, from: gradient.values) < 0.2) }
    let total = norm(oracle.gradients.values.flatMap { $0 })
    for (name, gradient) in oracle.gradients {
      let difference = zip(try test.gradient(name), gradient).map { $0 - $1 }
      #expect(norm(difference) < 0.2 * norm(gradient) + 0.01 * total, "\(name)")
    }
    #expect(test.paddingStaysZero)
  }

  @Test(arguments: networks) func inference(_ network: Network) throws {
    let encoder = try Encoder.described(network.layers, sampleShape: network.shape)
    let shape = try encoder.inputShape(samples: 3, network.shape)
    let test = try TestNetwork(encoder.layers.layers, input: shape, isTraining: false)
    test.network.workspace.randomness = Self.randomness
    let oracle = try DescribedOracle(network.layers, test, isTraining: false)
    let x = Samples(3, shape.channels, shape.spatial, seed: 3)
    let expected = oracle.forward(x)
    for _ in 0..<2 { #expect(distance(try test.forward(x).values, from: expected.values) < 5e-6) }
  }

  private static let randomness = StepRandomness(seed: 5, step: 3)

  private func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  /// Evaluation in between changes nothing in the training, and gives what inference gives.
  @Test(arguments: networks) func evaluation(_ network: Network) throws {
    let encoder = try Encoder.described(network.layers, sampleShape: network.shape)
    let shape = try encoder.inputShape(samples: 8, network.shape)
    let test = try TestNetwork(encoder.layers.layers, input: shape, shards: 2)
    test.network.workspace.randomness = Self.randomness
    let x = Samples(8, shape.channels, shape.spatial, seed: 4)
    let inference = try DescribedOracle(network.layers, test, isTraining: false)
    test.network.workspace.isEvaluating = true
    #expect(distance(try test.forward(x).values, from: inference.forward(x).values) < 5e-6)
    test.network.workspace.isEvaluating = false
    let training = try DescribedOracle(network.layers, test, isTraining: true)
    #expect(distance(try test.forward(x).values, from: training.forward(x).values) < 5e-6)
  }
}
