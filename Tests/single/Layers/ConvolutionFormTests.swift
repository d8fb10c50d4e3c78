import Layers
import TestSupport
import Testing

/// Every form of a convolution beyond the square ones of `ConvolutionTests`: three directions, groups, dilation, bias,
/// different sizes in each direction.
@Suite struct ConvolutionFormTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var (inputs, outputs): (Int, Int)
    var (kernel, extents): ([Int], [Int])
    var (stride, padding, dilation): ([Int]?, [Int]?, [Int]?)
    var groups = 1
    var bias = false
    var algorithm = ConvolutionAlgorithm.direct
    /// Forced for all directions where it is possible.
    var method: ConvolutionMethod?

    init(
      _ inputs: Int, _ outputs: Int, _ kernel: [Int], on extents: [Int], stride: [Int]? = nil, padding: [Int]? = nil,
      dilation: [Int]? = nil, groups: Int = 1, bias: Bool = false, algorithm: ConvolutionAlgorithm = .direct,
      by method: ConvolutionMethod? = nil
    ) {
      (self.inputs, self.outputs, self.kernel, self.extents) = (inputs, outputs, kernel, extents)
      (self.stride, self.padding, self.dilation) = (stride, padding, dilation)
      (self.groups, self.bias, self.method) = (groups, bias, method)
      self.algorithm = method == nil ? algorithm : .auto
    }

    var testDescription: String {
      "\(inputs) to \(outputs) in \(groups), \(kernel) on \(extents), stride \(stride ?? []), "
        + "padding \(padding ?? []), dilation \(dilation ?? []), \(bias ? "bias, " : "")"
        + (method?.rawValue ?? algorithm.rawValue)
    }
    var kernels: KernelChooser { KernelChooser(method.map { KernelTable("c", $0) } ?? KernelTable()) }
    /// Whether another method has to take its place.
    var isLeftToOthers: Bool { groups > 1 || (method == .planes && stride?.contains { $0 > 1 } == true) }

    /// Matrix products sum many positions one after another.
    var tolerance: Double {
      if method == .matrixProduct { return extents.reduce(1, *) > 10_000 ? 1e-4 : 5e-6 }
      return algorithm == .direct ? 2e-6 : 3e-5
    }
    var layer: Convolution {
      Convolution(
        "c", inputChannels: inputs, outputChannels: outputs, kernel: kernel, stride: stride ?? ones,
        padding: padding ?? kernel.map { $0 / 2 }, dilation: dilation, groups: groups, bias: bias)
    }
    func oracle(_ test: TestNetwork) throws -> ConvolutionOracle {
      ConvolutionOracle(
        weight: try test.value("c.weight"), bias: bias ? try test.value("c.bias") : nil, outputs: outputs,
        kernel: kernel, stride: stride ?? ones, padding: padding ?? kernel.map { $0 / 2 }, dilation: dilation ?? ones,
        groups: groups)
    }
    private var ones: [Int] { kernel.map { _ in 1 } }
  }

  static let cases = [
    // Bias.
    Case(1, 1, [3, 3], on: [1, 1], bias: true), Case(3, 17, [3, 3], on: [13, 7], bias: true),
    Case(17, 3, [1, 1], on: [7, 13], bias: true), Case(16, 16, [3, 3], on: [7, 2], stride: [2, 2], bias: true),
    Case(64, 64, [3, 3], on: [8, 8], bias: true, algorithm: .auto),
    Case(16, 20, [3, 3], on: [7, 13], bias: true, algorithm: .winograd),
    // Different sizes in each direction.
    Case(3, 17, [1, 7], on: [2, 13], bias: true),
    Case(17, 16, [5, 2], on: [13, 7], stride: [3, 1], padding: [0, 1]),
    Case(16, 32, [3, 3], on: [7, 13], stride: [1, 2], padding: [0, 1], bias: true),
    // Padding of a whole kernel and more, and kernels larger than the image.
    Case(16, 16, [1, 1], on: [7, 2], padding: [1, 1], bias: true),
    Case(17, 3, [3, 3], on: [7, 7], stride: [2, 2], padding: [3, 5]),
    Case(16, 16, [7, 7], on: [2, 1], stride: [2, 2], bias: true),
    Case(3, 16, [11, 11], on: [13, 13], stride: [4, 4]),
    // Dilation.
    Case(16, 16, [3, 3], on: [13, 7], padding: [2, 2], dilation: [2, 2]),
    Case(3, 17, [3, 3], on: [13, 13], padding: [4, 0], dilation: [4, 3], bias: true),
    Case(17, 16, [3, 2], on: [7, 13], stride: [2, 1], padding: [2, 0], dilation: [2, 5]),
    Case(32, 32, [3, 3], on: [7, 7], padding: [2, 2], dilation: [2, 2], algorithm: .winograd),
    // Groups: of one channel, of odd sizes, of whole channel blocks, and of a part of one.
    Case(3, 3, [3, 3], on: [1, 7], groups: 3), Case(17, 17, [3, 3], on: [13, 7], groups: 17, bias: true),
    Case(17, 34, [3, 3], on: [7, 7], groups: 17), Case(34, 34, [3, 3], on: [7, 13], groups: 2, bias: true),
    Case(34, 6, [1, 1], on: [7, 2], groups: 2), Case(32, 32, [3, 3], on: [13, 7], groups: 2, bias: true),
    Case(16, 32, [3, 3], on: [7, 7], stride: [2, 2], groups: 4, bias: true),
    Case(34, 34, [3, 3], on: [13, 13], stride: [2, 1], padding: [2, 1], dilation: [2, 1], groups: 2),
    // Three directions.
    Case(1, 1, [3, 3, 3], on: [1, 1, 2], bias: true), Case(1, 16, [7, 7, 7], on: [13, 7, 7], stride: [2, 2, 2]),
    Case(3, 17, [3, 3, 3], on: [2, 7, 1], bias: true), Case(17, 3, [1, 1, 1], on: [7, 2, 7], stride: [2, 2, 2]),
    Case(16, 32, [3, 3, 3], on: [7, 2, 7], stride: [2, 1, 2], padding: [1, 1, 0], bias: true),
    Case(16, 16, [3, 3, 3], on: [7, 7, 7], padding: [2, 2, 2], dilation: [2, 2, 2]),
    Case(17, 17, [2, 3, 1], on: [7, 7, 2], padding: [0, 2, 1], dilation: [3, 2, 1], bias: true),
    // Where oneDNN's kernels give wrong weight gradients or crash.
    Case(3, 16, [7, 7, 7], on: [7, 2, 7], stride: [2, 2, 2]),
    Case(16, 16, [4, 3, 3], on: [2, 3, 3], stride: [2, 1, 1], padding: [3, 1, 1]),
    Case(17, 17, [6, 2, 3], on: [7, 3, 2], stride: [3, 1, 1], padding: [4, 1, 1], groups: 17, bias: true),
    Case(34, 34, [3, 3, 3], on: [7, 2, 2], groups: 2, bias: true), Case(17, 17, [3, 3, 3], on: [2, 7, 7], groups: 17),
    Case(32, 32, [3, 3, 3], on: [2, 7, 2], groups: 2), Case(16, 32, [3, 3, 3], on: [7, 2, 7], groups: 4, bias: true),
    // Matrix products: alone, and with groups, which they leave to oneDNN.
    Case(1, 1, [3, 3], on: [1, 1], bias: true, by: .matrixProduct),
    Case(3, 17, [5, 2], on: [13, 7], stride: [3, 1], padding: [0, 1], bias: true, by: .matrixProduct),
    Case(17, 34, [3, 3], on: [7, 13], padding: [2, 5], dilation: [2, 3], by: .matrixProduct),
    Case(32, 16, [1, 1], on: [7, 2], stride: [2, 1], by: .matrixProduct),
    Case(16, 20, [3, 3, 3], on: [2, 2, 2], bias: true, by: .matrixProduct),
    Case(17, 3, [2, 3, 1], on: [7, 2, 5], stride: [2, 1, 3], padding: [0, 2, 1], by: .matrixProduct),
    Case(40, 24, [3, 1, 3], on: [5, 6, 7], dilation: [2, 1, 1], bias: true, by: .matrixProduct),
    Case(34, 6, [3, 3], on: [7, 2], groups: 2, by: .matrixProduct),
    // Planes: volumes and images, full tiles and others, other depths of the kernel, and what they leave to others.
    Case(16, 16, [3, 3, 3], on: [4, 8, 4], by: .planes), Case(20, 16, [3, 3], on: [1, 1], by: .planes),
    Case(17, 34, [3, 3, 3], on: [5, 7, 6], bias: true, by: .planes),
    Case(16, 3, [3, 3, 3], on: [1, 2, 13], bias: true, by: .planes),
    Case(3, 16, [3, 3, 3], on: [2, 5, 4], padding: [2, 0, 2], by: .planes),
    Case(16, 16, [3, 3, 3], on: [7, 4, 5], padding: [3, 3, 1], dilation: [2, 1, 1], by: .planes),
    Case(20, 16, [2, 3, 3], on: [3, 6, 9], padding: [5, 1, 1], bias: true, by: .planes),
    Case(16, 17, [1, 3, 3], on: [3, 6, 9], by: .planes),
    Case(17, 20, [3, 3], on: [13, 7], padding: [2, 1], bias: true, by: .planes),
    Case(16, 16, [3, 3, 3], on: [7, 7, 7], stride: [2, 2, 2], by: .planes),
    // Larger than the working memory: in parts.
    Case(8, 1, [3, 3], on: [350, 350], by: .matrixProduct),
    Case(3, 2, [3, 3], on: [200, 200], bias: true, by: .planes),
  ]

  /// The first layer of a network: plain images go in, one of each view per shard.
  @Test(arguments: cases, [1, 4]) func imagesGoIn(_ c: Case, shards: Int) throws {
    let test = try TestNetwork(
      [c.layer], input: TensorShape(samples: 2 * shards, channels: c.inputs, spatial: c.extents), shards: shards,
      convolution: c.algorithm, kernels: c.kernels)
    try check(test, [try c.oracle(test)], c)
  }

  /// Channel blocks go in, as everywhere after the first layer.
  @Test(arguments: cases, [1, 4]) func blocksGoIn(_ c: Case, shards: Int) throws {
    let ones = c.kernel.map { _ in 1 }
    let first = Convolution("first", inputChannels: 2, outputChannels: c.inputs, kernel: ones, padding: 0)
    let test = try TestNetwork(
      [first, c.layer], input: TensorShape(samples: 2 * shards, channels: 2, spatial: c.extents), shards: shards,
      convolution: c.algorithm, kernels: c.kernels)
    if let method = c.method, !c.isLeftToOthers {
      for direction in KernelDirection.allCases {
        #expect(test.network.workspace.kernels.table["c.weight", direction] == method.rawValue)
      }
    }
    let oracle = ConvolutionOracle(
      weight: try test.value("first.weight"), outputs: c.inputs, kernel: ones, stride: ones,
      padding: ones.map { _ in 0 }, dilation: ones, groups: 1)
    try check(test, [oracle, try c.oracle(test)], c)
  }

  private func check(_ test: TestNetwork, _ oracle: [ConvolutionOracle], _ c: Case) throws {
    let shape = test.network.input.shape
    // Twice: nothing may be left from the step before.
    for seed in [4, 5] as [UInt64] {
      let x = Samples(shape.samples * test.shards, shape.channels, shape.spatial, seed: seed)
      let (y, expected) = (try test.forward(x), oracle.reduce(x) { $1.forward($0) })
      #expect(y.spatial == expected.spatial && y.channels == expected.channels)
      #expect(distance(y.values, from: expected.values) < c.tolerance)
      let dy = Samples(y.samples, y.channels, y.spatial, seed: seed + 10)
      let dx = try #require(try test.backward(dy))
      #expect(distance(dx.values, from: oracle.reversed().reduce(dy) { $1.backward($0) }.values) < c.tolerance)
      #expect(distance(try test.gradient("c.weight"), from: oracle.last!.weightGradient) < c.tolerance)
      if c.bias { #expect(distance(try test.gradient("c.bias"), from: oracle.last!.biasGradient) < 1e-6) }
      #expect(test.paddingStaysZero)
    }
    let slow = test.network.workspace.remarks.filter { $0.contains("no fast kernel") }
    #expect(slow.isEmpty, "a kernel was found for each")
  }

  /// Each shard's gradient is computed as if it were alone, and they are added along the tree.
  @Test func gradientsAreSummedAlongTheTree() throws {
    let c = Case(34, 34, [3, 3], on: [7, 13], groups: 2, bias: true)
    func gradients(shards: Range<Int>) throws -> [[Float]] {
      let test = try TestNetwork(
        [c.layer], input: TensorShape(samples: 2 * shards.count, channels: 34, spatial: c.extents),
        shards: shards.count)
      func part(_ all: Samples) -> Samples {
        var result = Samples(2 * shards.count, all.channels, all.spatial)
        let size = all.channels * all.plane
        for (row, n) in [0, 4].flatMap({ view in shards.map { view + $0 } }).enumerated() {
          result.values[row * size..<(row + 1) * size] = all.values[n * size..<(n + 1) * size]
        }
        return result
      }
      _ = try test.forward(part(Samples(8, 34, c.extents, seed: 1)))
      try test.backward(part(Samples(8, 34, c.extents, seed: 2)))
      return try ["c.weight", "c.bias"].map { try test.gradient($0).map { Float($0) } }
    }
    let (all, alone) = (try gradients(shards: 0..<4), try (0..<4).map { try gradients(shards: $0..<$0 + 1) })
    for part in 0..<2 {
      let sum = all[part].indices.map {
        (alone[0][part][$0] + alone[1][part][$0]) + (alone[2][part][$0] + alone[3][part][$0])
      }
      #expect(all[part] == sum)
    }
  }

  /// Without AVX-512 some of these use matrix products, whose sums depend on the threads.
  @Test(arguments: cases.filter { $0.algorithm == .direct }) func threadsChangeNoBitOfWhatFlows(_ c: Case) throws {
    guard channelBlocks == .blocked(width: 16) else { return }
    var results: [[[UInt32]]] = []
    try withThreads([1, 2, 3]) { _ in
      let test = try TestNetwork(
        [c.layer], input: TensorShape(samples: 4, channels: c.inputs, spatial: c.extents), shards: 2)
      let y = try test.forward(Samples(4, c.inputs, c.extents, seed: 3))
      let values = test.network.output.values.map(bits)
      try test.backward(Samples(4, y.channels, y.spatial, seed: 4))
      let bias = c.bias ? try test.gradient("c.bias").map { Float($0).bitPattern } : []
      results.append(values + test.network.input.gradients.map(bits) + [bias])
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// Single precision alone would be off by 1e-5 and more.
  @Test func longBiasSumsAreAccurate() throws {
    let layer = Convolution(
      "c", inputChannels: 1, outputChannels: 17, kernel: [1, 1], padding: 0, bias: true, needsInputGradient: false)
    let test = try TestNetwork([layer], input: TensorShape(samples: 64, channels: 1, spatial: [64, 65]), shards: 2)
    _ = try test.forward(Samples(64, 1, [64, 65], seed: 1))
    var dy = Samples(64, 17, [64, 65], seed: 2)
    for i in dy.values.indices { dy.values[i] = Double(Float(dy.values[i] + Double(i / dy.plane % 17) - 8)) }
    try test.backward(dy)
    var sums = [Double](repeating: 0, count: 17)
    for i in dy.values.indices { sums[i / dy.plane % 17] += dy.values[i] }
    for (sum, exact) in zip(try test.gradient("c.bias"), sums) {
      // Channel 8's numbers cancel: what is lost is measured against what was added.
      #expect(abs(sum - exact) < 2e-7 * max(abs(exact), Double(64 * dy.plane).squareRoot()))
    }
  }

  // MARK: Descriptions

  @Test func oneSizeIsMeantForEveryDirection() {
    let layer = Convolution(
      "c", inputChannels: 4, outputChannels: 8, kernel: [3, 3, 3], stride: 2, padding: 1, dilation: 3, groups: 2,
      bias: true)
    #expect(layer.stride == [2, 2, 2] && layer.padding == [1, 1, 1] && layer.dilation == [3, 3, 3])
    #expect(layer.parameters.map(\.name) == ["c.weight", "c.bias"])
    #expect(layer.parameters.map(\.shape) == [[8, 2, 3, 3, 3], [8]])
  }

  @Test func initialValuesArePyTorchs() {
    func layer(_ initialization: Convolution.Initialization) -> Convolution {
      Convolution(
        "c", inputChannels: 8, outputChannels: 6, kernel: [3, 5], padding: 1, groups: 2, bias: true,
        initialization: initialization)
    }
    // kaiming_uniform_(a=√5): gain √(2 / (1 + 5)), bound √3 · gain / √fan in; 4 inputs a group.
    let uniform = ParameterSpec.Initialization.uniform(bound: 1 / (4.0 * 15).squareRoot())
    #expect(layer(.uniform).parameters.map(\.initialization) == [uniform, uniform])
    // kaiming_normal_(mode="fan_out"): all outputs count, whatever the groups.
    let normal = ParameterSpec.Initialization.normal(deviation: (2 / (6.0 * 15)).squareRoot())
    #expect(layer(.heNormal).parameters.map(\.initialization) == [normal, uniform])
  }

  // MARK: Failures

  private func expectRefusal(_ layer: Convolution, _ spatial: [Int] = [9, 9], _ parts: String...) {
    for part in parts {
      expectFailure(.usage, "c.weight", part) {
        _ = try TestNetwork([layer], input: TensorShape(samples: 2, channels: 4, spatial: spatial))
      }
    }
  }

  @Test func impossibleGroupsAreRefused() {
    for (outputs, groups) in [(8, 3), (6, 4), (8, 0), (8, -2), (8, 8)] {
      expectRefusal(
        Convolution("c", inputChannels: 4, outputChannels: outputs, kernel: [3, 3], padding: 1, groups: groups),
        [9, 9], "groups", "\(groups) groups", "divide")
    }
  }

  @Test func impossibleSizesAreRefused() {
    func layer(_ stride: [Int], _ padding: [Int], _ dilation: [Int]) -> Convolution {
      Convolution(
        "c", inputChannels: 4, outputChannels: 8, kernel: [3, 3], stride: stride, padding: padding, dilation: dilation)
    }
    for layer in [
      layer([0, 1], [1, 1], [1, 1]), layer([1, 1], [-1, 1], [1, 1]), layer([1, 1], [1, 1], [1, 0]),
      layer([1], [1, 1], [1, 1]), layer([1, 1], [1, 1, 1], [1, 1]), layer([1, 1], [1, 1], [1, Int.max]),
      layer([1, 1], [1, Int.max], [1, 1]),
      Convolution("c", inputChannels: 4, outputChannels: 8, kernel: [3], padding: 1),
      Convolution("c", inputChannels: 4, outputChannels: 8, kernel: [3, 3, 3, 3], padding: 1),
    ] {
      expectRefusal(layer, [9, 9], "make no sense", "stride [")
    }
  }

  @Test func aDilatedKernelThatDoesNotFitIsRefused() {
    let layer = Convolution("c", inputChannels: 4, outputChannels: 8, kernel: [3, 3], padding: 1, dilation: 4)
    expectRefusal(layer, [7, 6], "dilation [4, 4]", "4×7×6", "larger images")
    expectRefusal(layer, [9, 9, 9], "4×9×9×9")
  }
}
