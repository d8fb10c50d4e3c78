import Layers
import TestSupport
import Testing

@Suite struct LinearTests {
  @Test(arguments: [(1, 1), (7, 5), (16, 32), (33, 20)], [1, 2, 4])
  func agreesWithTheFormula(sizes: (Int, Int), shards: Int) throws {
    for bias in [true, false] {
      let (inputs, outputs) = sizes
      let test = try TestNetwork(
        [Linear("l", inputs: inputs, outputs: outputs, bias: bias)], input: TensorShape(samples: 16, channels: inputs),
        shards: shards)
      let oracle = LinearOracle(weight: try test.value("l.weight"), bias: bias ? try test.value("l.bias") : nil)
      // Twice: nothing may be left from the step before.
      for seed in [1, 2] as [UInt64] {
        let (x, dy) = (Samples(16, inputs, seed: seed), Samples(16, outputs, seed: seed + 10))
        #expect(distance(try test.forward(x).values, from: oracle.forward(x).values) < 1e-6)
        let dx = try #require(try test.backward(dy))
        #expect(distance(dx.values, from: oracle.backward(dy).values) < 1e-6)
        #expect(distance(try test.gradient("l.weight"), from: oracle.weightGradient) < 1e-6)
        if bias { #expect(distance(try test.gradient("l.bias"), from: oracle.biasGradient) < 1e-6) }
        #expect(test.paddingStaysZero)
      }
    }
  }

  @Test(arguments: [1, 2, 4]) func linearLayersWithReLUBetween(shards: Int) throws {
    let test = try TestNetwork(
      [
        Linear("a", inputs: 9, outputs: 20, bias: true, needsInputGradient: false), ReLU(),
        Linear("b", inputs: 20, outputs: 17, bias: true), ReLU(), Linear("c", inputs: 17, outputs: 3, bias: false),
      ], input: TensorShape(samples: 16, channels: 9), shards: shards)
    let linear = try ["a", "b", "c"].map {
      LinearOracle(weight: try test.value($0 + ".weight"), bias: $0 == "c" ? nil : try test.value($0 + ".bias"))
    }
    let oracle: [any LayerOracle] = [linear[0], ReLUOracle(), linear[1], ReLUOracle(), linear[2]]
    let (x, dy) = (Samples(16, 9, seed: 1), Samples(16, 3, seed: 2))
    #expect(distance(try test.forward(x).values, from: oracle.reduce(x) { $1.forward($0) }.values) < 1e-6)
    #expect(try test.backward(dy) == nil, "the gradient of the data is not wanted")
    _ = oracle.reversed().reduce(dy) { $1.backward($0) }
    for (name, oracle) in zip(["a", "b", "c"], linear) {
      #expect(distance(try test.gradient(name + ".weight"), from: oracle.weightGradient) < 2e-6)
      if name != "c" { #expect(distance(try test.gradient(name + ".bias"), from: oracle.biasGradient) < 2e-6) }
    }
    #expect(test.paddingStaysZero)
  }

  @Test func anotherNumberOfFeaturesIsAnError() {
    expectFailure(.usage, "l.weight", "8 features", "9") {
      _ = try TestNetwork(
        [Linear("l", inputs: 8, outputs: 2, bias: true)], input: TensorShape(samples: 2, channels: 9))
    }
  }
}

@Suite struct ConvolutionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var inputs, outputs, kernel, stride: Int
    var extents = [7, 6]
    var algorithm = ConvolutionAlgorithm.direct
    var tolerance: Double { algorithm == .direct ? 2e-6 : 2e-5 }
    var testDescription: String {
      "\(inputs) to \(outputs), \(kernel)×\(kernel)/\(stride), \(extents), \(algorithm)"
    }
    var layer: Convolution {
      Convolution(
        "c", inputChannels: inputs, outputChannels: outputs, kernel: [kernel, kernel], stride: stride,
        padding: kernel / 2)
    }
    func oracle(_ test: TestNetwork) throws -> ConvolutionOracle {
      ConvolutionOracle(
        weight: try test.value("c.weight"), outputs: outputs, kernel: kernel, stride: stride, padding: kernel / 2)
    }
  }

  static let cases = [
    Case(inputs: 1, outputs: 16, kernel: 7, stride: 2), Case(inputs: 3, outputs: 16, kernel: 7, stride: 2),
    Case(inputs: 1, outputs: 8, kernel: 3, stride: 1), Case(inputs: 3, outputs: 20, kernel: 3, stride: 1),
    Case(inputs: 3, outputs: 16, kernel: 3, stride: 2), Case(inputs: 8, outputs: 16, kernel: 3, stride: 1),
    Case(inputs: 16, outputs: 16, kernel: 3, stride: 1), Case(inputs: 16, outputs: 20, kernel: 3, stride: 2),
    Case(inputs: 20, outputs: 8, kernel: 3, stride: 1), Case(inputs: 20, outputs: 3, kernel: 3, stride: 2),
    Case(inputs: 16, outputs: 32, kernel: 1, stride: 1), Case(inputs: 20, outputs: 16, kernel: 1, stride: 2),
    Case(inputs: 16, outputs: 16, kernel: 3, stride: 1, extents: [1, 1]),
    Case(inputs: 16, outputs: 16, kernel: 3, stride: 1, extents: [8, 8], algorithm: .winograd),
    Case(inputs: 32, outputs: 16, kernel: 3, stride: 1, algorithm: .winograd),
    Case(inputs: 20, outputs: 24, kernel: 3, stride: 1, algorithm: .winograd),
    Case(inputs: 16, outputs: 16, kernel: 3, stride: 2, algorithm: .winograd),
    Case(inputs: 64, outputs: 64, kernel: 3, stride: 1, extents: [8, 8], algorithm: .auto),
    Case(inputs: 3, outputs: 64, kernel: 3, stride: 1, algorithm: .auto),
  ]

  /// The first layer of a network: plain images go in.
  @Test(arguments: cases) func imagesGoIn(_ c: Case) throws {
    let test = try TestNetwork(
      [c.layer], input: TensorShape(samples: 4, channels: c.inputs, spatial: c.extents), convolution: c.algorithm)
    try check(test, [try c.oracle(test)], c)
  }

  /// Channel blocks go in, as everywhere after the first layer.
  @Test(arguments: cases, [1, 2, 4]) func blocksGoIn(_ c: Case, shards: Int) throws {
    let first = Convolution("first", inputChannels: 2, outputChannels: c.inputs, kernel: [1, 1], padding: 0)
    let test = try TestNetwork(
      [first, c.layer], input: TensorShape(samples: 8, channels: 2, spatial: c.extents), shards: shards,
      convolution: c.algorithm)
    let oracle = ConvolutionOracle(
      weight: try test.value("first.weight"), outputs: c.inputs, kernel: 1, padding: 0)
    try check(test, [oracle, try c.oracle(test)], c)
    // A single channel's few numbers are sums of hundreds of products that cancel.
    #expect(distance(try test.gradient("first.weight"), from: oracle.weightGradient) < 3e-5)
  }

  private func check(_ test: TestNetwork, _ oracle: [ConvolutionOracle], _ c: Case) throws {
    let shape = test.network.input.shape
    let x = Samples(shape.samples * test.shards, shape.channels, shape.spatial, seed: 4)
    let (y, expected) = (try test.forward(x), oracle.reduce(x) { $1.forward($0) })
    #expect(y.spatial == expected.spatial && y.channels == expected.channels)
    #expect(distance(y.values, from: expected.values) < c.tolerance)
    let dy = Samples(y.samples, y.channels, y.spatial, seed: 5)
    let dx = try #require(try test.backward(dy))
    #expect(distance(dx.values, from: oracle.reversed().reduce(dy) { $1.backward($0) }.values) < c.tolerance)
    #expect(distance(try test.gradient("c.weight"), from: oracle.last!.weightGradient) < c.tolerance)
    #expect(test.paddingStaysZero)
  }

  /// Otherwise the cases above would compare the direct kernels twice.
  @Test func winogradIsAnotherAlgorithm() throws {
    let x = Samples(4, 32, [8, 8], seed: 6)
    let results = try [.direct, .winograd].map { (algorithm: ConvolutionAlgorithm) in
      let test = try TestNetwork(
        [Case(inputs: 32, outputs: 32, kernel: 3, stride: 1).layer],
        input: TensorShape(samples: 4, channels: 32, spatial: [8, 8]), convolution: algorithm)
      return (y: try test.forward(x).values, layout: test.network.output.shape.layout)
    }
    // oneDNN has Winograd's kernels for float32 on AVX-512 only.
    if results[0].layout == .blocked(width: 16) { #expect(results[0].y != results[1].y) }
  }

  @Test func imagesThatDoNotFitAreErrors() {
    let layer = Case(inputs: 3, outputs: 8, kernel: 7, stride: 2).layer
    expectFailure(.usage, "c.weight", "3 channels", "1×9×9") {
      _ = try TestNetwork([layer], input: TensorShape(samples: 2, channels: 1, spatial: [9, 9]))
    }
    let narrow = Convolution("c", inputChannels: 3, outputChannels: 8, kernel: [5, 5], padding: 0)
    expectFailure(.usage, "c.weight", "3×4×9") {
      _ = try TestNetwork([narrow], input: TensorShape(samples: 2, channels: 3, spatial: [4, 9]))
    }
    expectFailure(.usage, "c.weight") {
      _ = try TestNetwork([layer], input: TensorShape(samples: 2, channels: 3))
    }
  }
}
