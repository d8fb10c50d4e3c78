import Layers
import TestSupport
import Testing

@Suite struct DropoutTests {
  private static let randomness = StepRandomness(seed: 0xABCD_0000_0000_0005, step: 1_000_003)

  private func oracle(_ name: String, _ probability: Double) -> DropoutOracle {
    DropoutOracle(name, probability, seed: Self.randomness.seed, step: Self.randomness.step)
  }

  private func check(
    _ layers: [any Layer], _ shape: TensorShape, shards: Int, oracles: (TestNetwork) throws -> [any LayerOracle]
  ) throws -> LayerCheck {
    let check = try LayerCheck(layers, shape, shards: shards, oracles: oracles)
    check.test.network.workspace.randomness = Self.randomness
    return check
  }

  @Test(arguments: LayerCheck.shapes, [1, 2, 4]) func isItsDefinition(shape: TensorShape, shards: Int) throws {
    for probability in [0.3, 0, 1, 0.999] {
      try check([Dropout("d", probability: probability)], shape, shards: shards) { _ in [oracle("d", probability)] }
        .run()
    }
  }

  /// ReLU reads its output in backward, and linear layers and convolutions their inputs: dropout overwrites both.
  @Test(arguments: [1, 2, 4]) func betweenLinearLayers(shards: Int) throws {
    let shape = TensorShape(samples: 8, channels: 17)
    let check = try check(
      [
        Linear("a", inputs: 17, outputs: 13, bias: true), ReLU(), Dropout("d", probability: 0.4),
        Linear("b", inputs: 13, outputs: 7, bias: true), Dropout("e", probability: 0.1),
      ], shape, shards: shards
    ) { test in
      let (a, b) = try (test.value("a.weight"), test.value("b.weight"))
      return [
        LinearOracle(weight: a, bias: try test.value("a.bias")), ReLUOracle(), oracle("d", 0.4),
        LinearOracle(weight: b, bias: try test.value("b.bias")), oracle("e", 0.1),
      ]
    }
    try check.run()
    for (name, oracle) in zip(["a", "b"], check.oracles.compactMap { $0 as? LinearOracle }) {
      try check.expectGradient("\(name).weight", oracle.weightGradient)
      try check.expectGradient("\(name).bias", oracle.biasGradient)
    }
  }

  @Test(arguments: [1, 2, 4]) func betweenBatchNormAndConvolution(shards: Int) throws {
    let shape = TensorShape(samples: 8, channels: 3, spatial: [7, 5])
    let check = try check(
      [
        Convolution("a", inputChannels: 3, outputChannels: 17, kernel: [3, 3], padding: 1),
        BatchNormalization("n", channels: 17, rectifies: true), Dropout("d", probability: 0.25),
        Convolution("b", inputChannels: 17, outputChannels: 5, kernel: [3, 3], padding: 1),
      ], shape, shards: shards
    ) { test in
      [
        ConvolutionOracle(weight: try test.value("a.weight"), outputs: 17, kernel: 3, padding: 1),
        try BatchNormalizationOracle(test, "n", rectifies: true), oracle("d", 0.25),
        ConvolutionOracle(weight: try test.value("b.weight"), outputs: 5, kernel: 3, padding: 1),
      ]
    }
    try check.run(tolerance: 1e-5)
    let batchNorm = check.oracles[1] as! BatchNormalizationOracle
    try check.expectGradient("n.weight", batchNorm.gammaGradient)
    try check.expectGradient("n.bias", batchNorm.betaGradient)
    for (name, oracle) in zip(["a", "b"], check.oracles.compactMap { $0 as? ConvolutionOracle }) {
      try check.expectGradient("\(name).weight", oracle.weightGradient)
    }
  }

  /// The shortcut reads what the block's first layer would overwrite; and dropout after a block, whose batch norm masks
  /// by its own output.
  @Test(arguments: [1, 4], [true, false]) func aroundResidualBlocks(shards: Int, drops: Bool) throws {
    let shape = TensorShape(samples: 8, channels: 17, spatial: [3, 5], layout: .blocked(width: 16))
    let first: any Layer = drops ? Dropout("d", probability: 0.25) : ReLU()
    let block = ResidualBlock(
      body: [first], last: BatchNormalization("n", channels: 17, rectifies: true), projection: nil)
    let check = try check([block, Dropout("e", probability: 0.5)], shape, shards: shards) { test in
      let firstOracle: any LayerOracle = drops ? oracle("d", 0.25) : ReLUOracle()
      return [
        ResidualOracle(body: [firstOracle], last: try BatchNormalizationOracle(test, "n", rectifies: true)),
        oracle("e", 0.5),
      ]
    }
    try check.run(tolerance: 1e-5)
  }

  /// In a residual block's inference the first layer may be a batch norm, which works in place there.
  @Test func theShortcutIsReadBeforeItIsOverwritten() throws {
    let shape = TensorShape(samples: 3, channels: 17, spatial: [3, 5], layout: .blocked(width: 16))
    let block = ResidualBlock(
      body: [BatchNormalization("m", channels: 17, rectifies: true), Dropout("d", probability: 0.25)],
      last: BatchNormalization("n", channels: 17, rectifies: true), projection: nil)
    try LayerCheck([block], shape, shards: 1, isTraining: false) { test in
      [
        ResidualOracle(
          body: [try BatchNormalizationOracle(test, "m", rectifies: true, isTraining: false)],
          last: try BatchNormalizationOracle(test, "n", rectifies: true, isTraining: false))
      ]
    }.runForward()
  }

  /// Each of seed, step, layer, view and sample draws anew, with the wanted share of zeros.
  @Test func drawsAnewWithTheWantedShare() throws {
    let shape = TensorShape(samples: 4, channels: 33, spatial: [19, 8], layout: .blocked(width: 16))
    var seen: Set<[Bool]> = []
    var drops = 0
    for name in ["d", "e"] {
      let test = try TestNetwork([Dropout(name, probability: 0.3)], input: shape)
      for (seed, step) in [(1, 1), (1, 2), (2, 1), (1 << 40, 1)] as [(UInt64, Int)] {
        test.network.workspace.randomness = StepRandomness(seed: seed, step: step)
        var x = Samples(4, 33, [19, 8])
        for i in x.values.indices { x.values[i] = 1 }
        let y = try test.forward(x)
        for sample in 0..<4 {
          let size = 33 * x.plane
          let kept = (0..<size).map { y.values[sample * size + $0] != 0 }
          seen.insert(kept)
          drops += kept.filter { !$0 }.count
        }
        #expect(y.values.allSatisfy { $0 == 0 || $0 == Double(Float(1 / 0.7)) })
      }
    }
    #expect(seen.count == 2 * 4 * 4)
    let draws = Double(2 * 4 * 4 * 33 * 19 * 8)
    #expect(abs(Double(drops) / draws - 0.3) < 5 * 0.46 / draws.squareRoot())
  }

  /// Within a validation between two steps, and in a network for inference; and training continues as before.
  @Test func evaluationIsTheIdentity() throws {
    for shape in LayerCheck.shapes {
      let x = Samples(8, shape.channels, shape.spatial, seed: 3)
      let test = try TestNetwork([Dropout("d", probability: 0.5)], input: shape, shards: 2)
      test.network.workspace.randomness = Self.randomness
      let before = try test.forward(x).values
      test.network.workspace.isEvaluating = true
      #expect(try test.forward(x).values == x.values)
      test.network.workspace.isEvaluating = false
      #expect(try test.forward(x).values == before)
      let inference = try TestNetwork([Dropout("d", probability: 0.5)], input: shape, isTraining: false)
      #expect(try inference.forward(x).values == x.values)
    }
  }

  @Test func whatIsNotFiniteIsNotHidden() throws {
    let test = try TestNetwork([Dropout("d", probability: 0.5)], input: TensorShape(samples: 4, channels: 40))
    test.network.workspace.randomness = Self.randomness
    for value in [Double.nan, .infinity] {
      var x = Samples(4, 40)
      for i in x.values.indices { x.values[i] = value }
      #expect(try test.forward(x).values.allSatisfy { !$0.isFinite })
    }
  }

  @Test func wrongUseIsAnError() throws {
    let shape = TensorShape(samples: 2, channels: 3)
    for probability in [-0.1, 1.5, .nan] {
      for isTraining in [true, false] {
        expectFailure(.usage, "encoder.2: ", "from 0 to 1", "\(probability)") {
          _ = try TestNetwork([Dropout("encoder.2", probability: probability)], input: shape, isTraining: isTraining)
        }
      }
    }
    expectFailure(.usage, "d: ", "same name") {
      _ = try TestNetwork([Dropout("d", probability: 0.1), Dropout("d", probability: 0.1)], input: shape)
    }
    let test = try TestNetwork([Dropout("d", probability: 0.1)], input: shape)
    test.network.workspace.randomness = nil
    expectFailure(.usage, "d: ", "no random numbers", "seed and the step") { _ = try test.forward(Samples(2, 3)) }
  }

  @Test func threadsChangeNoBit() throws {
    let shape = TensorShape(samples: 8, channels: 17, spatial: [7, 5], layout: .blocked(width: 16))
    let x = Samples(8, 17, [7, 5], seed: 1)
    var results: [[Double]] = []
    try withThreads([1, 2, 3]) { _ in
      let test = try TestNetwork([Dropout("d", probability: 0.5)], input: shape, shards: 2)
      test.network.workspace.randomness = Self.randomness
      results.append(try test.forward(x).values)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
