import Layers
import TestSupport
import Testing

/// y = [x, body(x)] for each body.
final class DenseOracle: LayerOracle {
  let bodies: [[any LayerOracle]]
  private var added: [Int] = []

  init(_ bodies: [[any LayerOracle]]) { self.bodies = bodies }

  func forward(_ x: Samples) -> Samples {
    added = []
    return bodies.reduce(x) { x, body in
      let new = body.reduce(x) { $1.forward($0) }
      added.append(new.channels)
      var y = Samples(x.samples, x.channels + new.channels, x.spatial)
      for n in 0..<y.samples {
        for c in 0..<y.channels {
          for i in 0..<y.plane { y[n, c, i] = c < x.channels ? x[n, c, i] : new[n, c - x.channels, i] }
        }
      }
      return y
    }
  }

  func backward(_ dy: Samples) -> Samples {
    zip(bodies, added).reversed().reduce(dy) { dy, layer in
      let (body, added) = layer
      let channels = dy.channels - added
      func slice(_ range: Range<Int>) -> Samples {
        var part = Samples(dy.samples, range.count, dy.spatial)
        for n in 0..<dy.samples {
          for c in range { for i in 0..<dy.plane { part[n, c - range.lowerBound, i] = dy[n, c, i] } }
        }
        return part
      }
      var dx = body.reversed().reduce(slice(channels..<dy.channels)) { $1.backward($0) }
      let kept = slice(0..<channels)
      for i in dx.values.indices { dx.values[i] += kept.values[i] }
      return dx
    }
  }
}

@Suite struct DenseBlockTests {
  /// Layers as nidl's `_DenseLayer`, in two directions, and their oracles.
  private struct Block {
    let (inputs, growth, layers): (Int, Int, Int)
    var dropout = 0.0

    private func name(_ i: Int, _ part: String) -> String { "layer\(i).\(part)" }
    private var bottleneck: Int { 2 * growth }
    var outputs: Int { inputs + layers * growth }

    var layer: DenseBlock {
      DenseBlock(
        (0..<layers).map { i in
          [
            BatchNormalization(name(i, "norm1"), channels: inputs + i * growth, rectifies: true),
            Convolution(
              name(i, "conv1"), inputChannels: inputs + i * growth, outputChannels: bottleneck, kernel: [1, 1],
              padding: 0),
            BatchNormalization(name(i, "norm2"), channels: bottleneck, rectifies: true),
            Convolution(
              name(i, "conv2"), inputChannels: bottleneck, outputChannels: growth, kernel: [3, 3], padding: 1),
            Dropout(name(i, "drop"), probability: dropout),
          ]
        })
    }

    func oracle(_ test: TestNetwork, isTraining: Bool) throws -> DenseOracle {
      DenseOracle(
        try (0..<layers).map { i in
          let dropout = DropoutOracle(name(i, "drop"), dropout, seed: 3, step: 4)
          return [
            try BatchNormalizationOracle(test, name(i, "norm1"), rectifies: true, isTraining: isTraining),
            ConvolutionOracle(
              weight: try test.value(name(i, "conv1.weight")), outputs: bottleneck, kernel: 1, padding: 0),
            try BatchNormalizationOracle(test, name(i, "norm2"), rectifies: true, isTraining: isTraining),
            ConvolutionOracle(weight: try test.value(name(i, "conv2.weight")), outputs: growth, kernel: 3, padding: 1),
          ] + (isTraining ? [dropout] : [])
        })
    }

    func expectGradients(_ oracle: DenseOracle, _ check: LayerCheck) throws {
      for (i, body) in oracle.bodies.enumerated() {
        for (part, norm) in zip(["norm1", "norm2"], body.compactMap { $0 as? BatchNormalizationOracle }) {
          try check.expectGradient(name(i, "\(part).weight"), norm.gammaGradient, tolerance: 1e-4)
          try check.expectGradient(name(i, "\(part).bias"), norm.betaGradient, tolerance: 1e-4)
        }
        for (part, convolution) in zip(["conv1", "conv2"], body.compactMap { $0 as? ConvolutionOracle }) {
          try check.expectGradient(name(i, "\(part).weight"), convolution.weightGradient, tolerance: 1e-4)
        }
      }
    }
  }

  /// Growths that fill whole blocks of 16, of 8, and none. (With one input channel the first convolution would have no
  /// gradient: batch norm does not see its scale.)
  private static let blocks: [(Int, Int, Int)] = [(16, 16, 3), (17, 5, 4), (3, 4, 3), (2, 1, 2), (24, 8, 2)]

  @Test(arguments: blocks, [1, 2, 4]) func isItsDefinition(block: (Int, Int, Int), shards: Int) throws {
    for (dropout, spatial) in [(0.0, [7, 2]), (0.3, [1, 13])] {
      let block = Block(inputs: block.0, growth: block.1, layers: block.2, dropout: dropout)
      let shape = TensorShape(samples: 8, channels: 3, spatial: spatial)
      let stem = Convolution("stem", inputChannels: 3, outputChannels: block.inputs, kernel: [3, 3], padding: 1)
      let layers: [any Layer] = [
        stem, block.layer, ReLU(), AveragePooling(window: 1), GlobalAveragePooling(),
      ]
      let check = try LayerCheck(layers, shape, shards: shards) { test in
        [
          ConvolutionOracle(weight: try test.value("stem.weight"), outputs: block.inputs, kernel: 3, padding: 1),
          try block.oracle(test, isTraining: true), ReLUOracle(), GlobalAveragePoolingOracle(),
        ]
      }
      try check.run(tolerance: 2e-5)
      try block.expectGradients(check.oracles[1] as! DenseOracle, check)
      try check.expectGradient(
        "stem.weight", (check.oracles[0] as! ConvolutionOracle).weightGradient, tolerance: 2e-5)
    }
  }

  /// Batch norm works in place there, and must not destroy features that later layers take.
  @Test(arguments: blocks) func inference(block: (Int, Int, Int)) throws {
    let block = Block(inputs: block.0, growth: block.1, layers: block.2, dropout: 0.3)
    for width in [8, 16] where width == channelBlock {
      let shape = TensorShape(samples: 3, channels: block.inputs, spatial: [7, 2], layout: .blocked(width: width))
      try LayerCheck([block.layer, ReLU()], shape, shards: 1, isTraining: false) { test in
        [try block.oracle(test, isTraining: false), ReLUOracle()]
      }.runForward(tolerance: 1e-5)
    }
  }

  /// A network for training, between two steps: running statistics, no dropout.
  @Test(arguments: blocks) func evaluation(block: (Int, Int, Int)) throws {
    let block = Block(inputs: block.0, growth: block.1, layers: block.2, dropout: 0.3)
    let shape = TensorShape(
      samples: 8, channels: block.inputs, spatial: [7, 2], layout: .blocked(width: channelBlock))
    let check = try LayerCheck([block.layer], shape, shards: 2) { test in
      [try block.oracle(test, isTraining: false)]
    }
    check.test.network.workspace.isEvaluating = true
    try check.runForward(tolerance: 1e-5)
  }

  /// Volumes, rows and plain images, with bodies that need no convolution; one appends nothing of its own.
  @Test(arguments: LayerCheck.volumes.filter { $0.layout != .plain } + LayerCheck.shapes.prefix(3), [1, 2, 4])
  func volumesAndRows(shape: TensorShape, shards: Int) throws {
    let c = shape.channels
    let layers: [any Layer] = [
      BatchNormalization("z", channels: c, rectifies: false),
      DenseBlock([
        [BatchNormalization("a", channels: c, rectifies: true)],
        [Dropout("d", probability: 0.5), BatchNormalization("b", channels: 2 * c, rectifies: false)], [ReLU()], [],
      ]),
    ]
    let check = try LayerCheck(layers, shape, shards: shards) { test in
      [
        try BatchNormalizationOracle(test, "z", rectifies: false),
        DenseOracle([
          [try BatchNormalizationOracle(test, "a", rectifies: true)],
          [DropoutOracle("d", 0.5, seed: 3, step: 4), try BatchNormalizationOracle(test, "b", rectifies: false)],
          [ReLUOracle()], [],
        ]),
      ]
    }
    try check.run(tolerance: 2e-5)
    let last = check.oracles[1] as! DenseOracle
    try check.expectGradient("a.bias", (last.bodies[0][0] as! BatchNormalizationOracle).betaGradient, tolerance: 5e-5)
    try check.expectGradient(
      "b.weight", (last.bodies[1][1] as! BatchNormalizationOracle).gammaGradient, tolerance: 5e-5)
  }

  @Test func parametersStandInTheOrderOfBackward() throws {
    let block = Block(inputs: 3, growth: 4, layers: 2).layer
    let parts = ["conv2.weight", "norm2.weight", "norm2.bias", "conv1.weight", "norm1.weight", "norm1.bias"]
    #expect(block.parameters.map(\.name) == ["layer1.", "layer0."].flatMap { layer in parts.map { layer + $0 } })
    #expect(block.buffers.map(\.name).prefix(2) == ["layer0.norm1.running_mean", "layer0.norm1.running_var"])
  }

  /// Gradients reported as complete while backward runs no longer change.
  @Test(arguments: [1, 2, 4]) func completedGradientsAreFinal(shards: Int) throws {
    let block = Block(inputs: 5, growth: 3, layers: 3, dropout: 0.1)
    let test = try TestNetwork(
      [Convolution("s", inputChannels: 2, outputChannels: 5, kernel: [3, 3], padding: 1), block.layer],
      input: TensorShape(samples: 8, channels: 2, spatial: [6, 5]), shards: shards)
    let gradients = test.state.parameters.gradients
    var seen: [(end: Int, values: [UInt32])] = []
    test.batch.completed = { end in seen.append((end, Array(bits(gradients)[..<end]))) }
    _ = try test.forward(Samples(8, 2, [6, 5], seed: 1))
    try test.backward(Samples(8, block.outputs, [6, 5], seed: 2))
    #expect(seen.count == 3 * 4 + 1 && zip(seen, seen.dropFirst()).allSatisfy { $0.end < $1.end })
    for (end, values) in seen { #expect(values == Array(bits(gradients)[..<end])) }
    #expect(gradients.elements.allSatisfy { $0.isFinite })
  }

  @Test func layersThatChangeTheExtentsAreErrors() {
    expectFailure(.usage, "c.weight: ", "[6, 5]", "[3, 3]", "padding") {
      _ = try TestNetwork(
        [DenseBlock([[Convolution("c", inputChannels: 2, outputChannels: 4, kernel: [1, 1], stride: 2, padding: 0)]])],
        input: TensorShape(samples: 2, channels: 2, spatial: [6, 5]))
    }
  }

  /// Channels of a block in this processor's convolutions.
  private var channelBlock: Int {
    let test = try? TestNetwork(
      [Convolution("c", inputChannels: 1, outputChannels: 1, kernel: [1, 1], padding: 0)],
      input: TensorShape(samples: 2, channels: 1, spatial: [1, 1]))
    guard case .blocked(let width)? = test?.network.output.shape.layout else { return 0 }
    return width
  }
}
