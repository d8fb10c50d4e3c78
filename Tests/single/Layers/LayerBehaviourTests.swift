import Layers
import Tensors
import TestSupport
import Testing

/// What every layer must keep to.
@Suite(.serialized) struct LayerBehaviourTests {
  // MARK: Not a number

  /// Feeds one value that is not a number to sample 1, channel 1, in the middle, and returns the output.
  private func poisoned(
    _ layers: [any Layer], _ shape: TensorShape, isTraining: Bool = true, algorithm: ConvolutionAlgorithm = .direct,
    value: Double = .nan
  ) throws -> Samples {
    let test = try TestNetwork(layers, input: shape, isTraining: isTraining, convolution: algorithm)
    var x = Samples(shape.samples, shape.channels, shape.spatial, seed: 1)
    x[1, 1, x.plane / 2] = value
    return try test.forward(x)
  }

  private func blocked(_ width: Int, _ channels: Int) -> TensorShape {
    TensorShape(samples: 4, channels: channels, spatial: [5, 4], layout: .blocked(width: width))
  }

  @Test func linearSpreadsItOverTheSample() throws {
    let y = try poisoned(
      [Linear("l", inputs: 5, outputs: 20, bias: true), ReLU()], TensorShape(samples: 4, channels: 5))
    for n in 0..<4 { #expect((0..<20).allSatisfy { y[n, $0, 0].isNaN == (n == 1) }) }
  }

  @Test(arguments: [ConvolutionAlgorithm.direct, .winograd]) func convolutionSpreadsItOverItsWindows(
    algorithm: ConvolutionAlgorithm
  ) throws {
    let y = try poisoned(
      [
        Convolution("a", inputChannels: 3, outputChannels: 16, kernel: [1, 1], padding: 0),
        Convolution("b", inputChannels: 16, outputChannels: 16, kernel: [3, 3], padding: 1), ReLU(),
      ], TensorShape(samples: 4, channels: 3, spatial: [5, 4]), algorithm: algorithm)
    #expect((0..<16).allSatisfy { y[1, $0, y.plane / 2].isNaN })
    #expect((0..<16).allSatisfy { y[0, $0, y.plane / 2].isFinite && y[2, $0, y.plane / 2].isFinite })
  }

  @Test(arguments: [Double.nan, .infinity]) func batchNormSpreadsItOverTheChannelOfItsView(value: Double) throws {
    let shapes = [TensorShape(samples: 4, channels: 20), blocked(16, 20), blocked(8, 20), blocked(16, 16)]
    for shape in shapes {
      for rectifies in [false, true] {
        let layer = BatchNormalization("b", channels: shape.channels, rectifies: rectifies)
        let y = try poisoned([layer], shape, value: value)
        for n in 0..<4 {
          for c in 0..<shape.channels {
            #expect((0..<y.plane).allSatisfy { y[n, c, $0].isNaN == (n < 2 && c == 1) })
          }
        }
        let block = ResidualBlock(
          body: [], last: BatchNormalization("b", channels: shape.channels, rectifies: rectifies), projection: nil)
        let sum = try poisoned([block], shape, value: value)
        #expect((0..<2).allSatisfy { sum[$0, 1, 0].isNaN })
      }
    }
  }

  @Test func inferenceKeepsIt() throws {
    for shape in [TensorShape(samples: 4, channels: 20), blocked(16, 20), blocked(8, 20)] {
      let y = try poisoned(
        [BatchNormalization("b", channels: 20, rectifies: true)], shape, isTraining: false)
      #expect(y[1, 1, y.plane / 2].isNaN && y.values.filter(\.isNaN).count == 1)
    }
  }

  @Test func averagePoolingAndReLUKeepIt() throws {
    for shape in [blocked(16, 20), blocked(8, 3), TensorShape(samples: 4, channels: 3, spatial: [5, 4])] {
      let rectified = try poisoned([ReLU()], shape)
      #expect(rectified[1, 1, rectified.plane / 2].isNaN && rectified.values.filter(\.isNaN).count == 1)
      let mean = try poisoned([GlobalAveragePooling()], shape)
      #expect(mean[1, 1, 0].isNaN && mean.values.filter(\.isNaN).count == 1)
    }
  }

  /// In each window that it lies in, as in PyTorch.
  @Test func maxPoolingKeepsIt() throws {
    for shape in [blocked(16, 20), blocked(8, 3), TensorShape(samples: 4, channels: 3, spatial: [5, 4])] {
      let y = try poisoned([MaxPooling(window: 3, stride: 1, padding: 1)], shape)
      #expect(y.values.filter(\.isNaN).count == 9)
      for dy in -1...1 {
        for dx in -1...1 { #expect(y[1, 1, y.plane / 2 + dy * y.spatial[1] + dx].isNaN) }
      }
    }
  }

  /// The gradient of the batch norm before it must not be finite either: that is what stops a run.
  @Test(arguments: [Double.nan, .infinity]) func gradientsShowWhatIsNotFiniteBehindMaxPooling(value: Double) throws {
    for shape in [blocked(16, 20), blocked(8, 20)] {
      let test = try TestNetwork(
        [
          BatchNormalization("b", channels: 20, rectifies: true), MaxPooling(window: 3, stride: 2, padding: 1),
          GlobalAveragePooling(),
        ], input: shape)
      var x = Samples(shape.samples, shape.channels, shape.spatial, seed: 1)
      x[1, 1, x.plane / 2] = value
      _ = try test.forward(x)
      try test.backward(Samples(4, 20, seed: 2))
      let gradient = try test.gradient("b.weight")
      for c in 0..<20 { #expect(gradient[c].isFinite == (c != 1)) }
    }
  }

  // MARK: Threads

  /// Our own kernels only: oneDNN may split a weight gradient's sum over the threads.
  @Test func threadsChangeNoBit() throws {
    for width in [8, 16] {
      let shape = TensorShape(samples: 24, channels: 40, spatial: [17, 16], layout: .blocked(width: width))
      let x = Samples(shape.samples, shape.channels, shape.spatial, seed: 1)
      let dy = Samples(shape.samples, shape.channels, seed: 2)
      var results: [[[UInt32]]] = []
      try withThreads([1, 2, 3]) { _ in
        let last = BatchNormalization("b", channels: 40, rectifies: true)
        let test = try TestNetwork(
          [
            BatchNormalization("a", channels: 40, rectifies: true),
            ResidualBlock(body: [], last: last, projection: nil), ReLU(), GlobalAveragePooling(),
            BatchNormalization("c", channels: 40, rectifies: false),
          ], input: shape, shards: 2)
        _ = try test.forward(x)
        let values = test.network.output.values.map(bits)
        try test.backward(dy)
        results.append(
          values + test.network.input.gradients.map(bits)
            + [bits(test.state.parameters.gradients), bits(test.state.statistics.values)])
      }
      #expect(results[0] == results[1] && results[0] == results[2])
    }
  }

  /// Forward passes and data gradients of oneDNN too: each output is computed by one thread.
  @Test func threadsChangeNoBitOfWhatFlows() throws {
    let x = Samples(8, 3, [9, 8], seed: 3)
    let dy = Samples(8, 7, seed: 4)
    var results: [[[UInt32]]] = []
    try withThreads([1, 2]) { _ in
      let test = try TestNetwork(
        [
          Convolution("a", inputChannels: 3, outputChannels: 16, kernel: [3, 3], padding: 1), ReLU(),
          MaxPooling(window: 3, stride: 2, padding: 1), GlobalAveragePooling(),
          Linear("l", inputs: 16, outputs: 7, bias: true),
        ], input: TensorShape(samples: 8, channels: 3, spatial: [9, 8]), shards: 2)
      _ = try test.forward(x)
      let values = test.network.output.values.map(bits)
      try test.backward(dy)
      results.append(values + test.network.input.gradients.map(bits))
    }
    #expect(results[0] == results[1])
  }

  // MARK: Sequences and parameters

  @Test func parametersStandInTheOrderOfBackward() throws {
    let layers = Sequential([
      Linear("a", inputs: 2, outputs: 3, bias: true), BatchNormalization("b", channels: 3, rectifies: true),
      Linear("c", inputs: 3, outputs: 4, bias: false),
    ])
    #expect(layers.parameters.map(\.name) == ["c.weight", "b.weight", "b.bias", "a.weight", "a.bias"])
    #expect(layers.buffers.map(\.name) == ["b.running_mean", "b.running_var"])
    #expect(layers.parameters.map(\.shape) == [[4, 3], [3], [3], [3, 2], [3]])
  }

  @Test func initialValuesDependOnSeedAndNameAlone() throws {
    func values(_ layers: [any Layer], seed: UInt64, _ name: String) throws -> [UInt32] {
      let state = try ParameterSet(Sequential(layers))
      try state.initialise(seed: seed)
      let entry = try state.parameters.layout.entry(name)
      return (0..<entry.count).map { state.parameters.pointer(of: entry)[$0].bitPattern }
    }
    let (a, b) = (Linear("a", inputs: 9, outputs: 5, bias: true), Linear("b", inputs: 9, outputs: 5, bias: true))
    let alone = try values([a], seed: 1, "a.weight")
    #expect(try values([b, a], seed: 1, "a.weight") == alone)
    #expect(try values([a], seed: 2, "a.weight") != alone)
    #expect(try values([b], seed: 1, "b.weight") != alone)
  }

  /// A Kolmogorov–Smirnov test would do; bounds, mean and deviation of many numbers do as well.
  @Test func initialValuesHavePyTorchsDistributions() throws {
    let state = try ParameterSet(
      Sequential([
        Linear("l", inputs: 400, outputs: 100, bias: true), BatchNormalization("b", channels: 50, rectifies: true),
        Convolution("c", inputChannels: 50, outputChannels: 60, kernel: [3, 3], padding: 1),
      ]))
    try state.initialise(seed: 3)
    func numbers(_ arena: ParameterArena, _ name: String) throws -> [Double] {
      let entry = try arena.layout.entry(name)
      return (0..<entry.count).map { Double(arena.pointer(of: entry)[$0]) }
    }
    func deviation(_ x: [Double]) -> Double { (x.reduce(0) { $0 + $1 * $1 } / Double(x.count)).squareRoot() }
    let (linear, bias) = (try numbers(state.parameters, "l.weight"), try numbers(state.parameters, "l.bias"))
    #expect((linear + bias).allSatisfy { abs($0) <= 0.05 } && linear.contains { $0 > 0.0499 })
    #expect(abs(deviation(linear) / (0.05 / 3.0.squareRoot()) - 1) < 0.01 && deviation(bias) > 0.02)
    let convolution = try numbers(state.parameters, "c.weight")
    #expect(abs(deviation(convolution) / (2 / (60.0 * 9)).squareRoot() - 1) < 0.02)
    #expect(abs(convolution.reduce(0, +) / Double(convolution.count)) < 0.001)
    #expect(try numbers(state.parameters, "b.weight").allSatisfy { $0 == 1 })
    #expect(try numbers(state.parameters, "b.bias").allSatisfy { $0 == 0 })
    #expect(try numbers(state.statistics, "b.running_mean").allSatisfy { $0 == 0 })
    #expect(try numbers(state.statistics, "b.running_var").allSatisfy { $0 == 1 })
  }
}
