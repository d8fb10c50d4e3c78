import Layers
import Testing

/// Each method of a linear layer against plain loops, alone and mixed over the directions.
@Suite struct LinearMethodTests {
  private static func table(_ methods: [LinearMethod]) -> KernelTable {
    var table = KernelTable()
    for (direction, method) in zip(KernelDirection.allCases, methods) { table["l.weight", direction] = method.rawValue }
    return table
  }

  private static let mixtures: [[LinearMethod]] =
    LinearMethod.allCases.map { [$0, $0, $0] } + [
      [.matrixProduct, .innerProduct, .plainInnerProduct], [.innerProduct, .matrixProduct, .innerProduct],
      [.plainInnerProduct, .innerProduct, .matrixProduct],
    ]

  @Test(arguments: mixtures, [(1, 1), (7, 5), (33, 130)])
  func agreesWithTheFormula(methods: [LinearMethod], sizes: (Int, Int)) throws {
    let (inputs, outputs) = sizes
    for (bias, shards) in [(true, 1), (false, 1), (true, 4)] {
      let kernels = KernelChooser(Self.table(methods), isStrict: true)
      let test = try TestNetwork(
        [Linear("l", inputs: inputs, outputs: outputs, bias: bias)], input: TensorShape(samples: 16, channels: inputs),
        shards: shards, kernels: kernels)
      try kernels.requireAllUsed()
      #expect(kernels.table == kernels.given)
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

  @Test func withoutTheGradientOfTheData() throws {
    for method in LinearMethod.allCases {
      let test = try TestNetwork(
        [Linear("l", inputs: 9, outputs: 20, bias: true, needsInputGradient: false)],
        input: TensorShape(samples: 16, channels: 9), kernels: KernelChooser(Self.table([method, method, method])))
      let oracle = LinearOracle(weight: try test.value("l.weight"), bias: try test.value("l.bias"))
      let (x, dy) = (Samples(16, 9, seed: 1), Samples(16, 20, seed: 2))
      #expect(distance(try test.forward(x).values, from: oracle.forward(x).values) < 1e-6)
      #expect(try test.backward(dy) == nil)
      _ = oracle.backward(dy)
      #expect(distance(try test.gradient("l.weight"), from: oracle.weightGradient) < 1e-6)
    }
  }

  @Test func evaluationComputesForwardOnly() throws {
    for method in LinearMethod.allCases {
      let kernels = KernelChooser(Self.table([method, method, method]))
      let test = try TestNetwork(
        [Linear("l", inputs: 9, outputs: 20, bias: true)], input: TensorShape(samples: 16, channels: 9),
        isTraining: false, kernels: kernels)
      let oracle = LinearOracle(weight: try test.value("l.weight"), bias: try test.value("l.bias"))
      let x = Samples(16, 9, seed: 1)
      #expect(distance(try test.forward(x).values, from: oracle.forward(x).values) < 1e-6)
      #expect(kernels.table.choices == ["l.weight": ["forward": method.rawValue]])
    }
  }
}
