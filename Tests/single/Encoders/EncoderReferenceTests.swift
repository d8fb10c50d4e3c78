import Encoders
import Files
import Layers
import Tensors
import TestSupport
import Testing

/// Encoders against torchvision's and nidl's own classes in float64, see `Tests/fixtures/make_encoders.py`.
@Suite struct EncoderReferenceTests {
  /// Names and shapes are those of `state_dict`, so that a file of ours is read with `strict=True`.
  @Test(arguments: EncoderReference.file.states)
  func tensorsAreThoseOfTheClass(_ state: EncoderReference.State) throws {
    let lines = try encoder(state).stateDict.map { "\($0.name) \($0.shape)" }
    #expect(lines.count == state.count)
    #expect(try digest(lines) == state.sha256, "\(lines.sorted())")
  }

  /// What starts at zero, and how widely everything else is drawn. (Also what a truncated class does not use.)
  @Test(arguments: EncoderReference.file.states)
  func initialValuesAreThoseOfTheClass(_ state: EncoderReference.State) throws {
    let encoder = try encoder(state)
    let specs = encoder.layers.parameters + encoder.peer.unusedParameters
    let (zeros, others) = (specs.filter { isZero($0) }, specs.filter { !isZero($0) })
    #expect(try digest(zeros.map { String($0.name.dropFirst("encoder.".count)) }) == state.zeros)
    for spec in others {
      guard let expected = state.deviations[String(spec.name.dropFirst("encoder.".count))] else { continue }
      let values = AlignedBuffer<Float>(spec.shape.reduce(1, *))
      spec.fill(values.elements, seed: 3)
      let deviation = (values.elements.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
      // Both are estimates from at least 4096 numbers: each is off by 1.1 % at one standard error.
      #expect(abs(deviation / expected - 1) < 0.08, "\(spec.name): \(deviation), PyTorch \(expected)")
    }
  }

  private func isZero(_ spec: ParameterSpec) -> Bool { spec.initialization == .constant(0) }

  private func digest(_ lines: [String]) throws -> String {
    try Array(lines.sorted().joined(separator: "\n").utf8).withUnsafeBytes { try SHA256.hex(of: $0) }
  }

  private func encoder(_ state: EncoderReference.State) throws -> Encoder {
    let isVolume = state.encoder.contains("3d")
    return try EncoderReference.encoder(
      state.encoder, state.arguments,
      sampleShape: state.encoder == "mlp" ? [20] : isVolume ? [1, 64, 64, 64] : [3, 64, 64],
      mlp: state.arguments.json.contains("norm_layer") ? [32, 24, 16] : [32, 16])
  }

  @Test(arguments: EncoderReference.file.cases, [1, 2])
  func featuresAndGradientsAreThoseOfTheClass(_ testCase: EncoderReference.Case, shards: Int) throws {
    let encoder = try EncoderReference.encoder(
      testCase.encoder, testCase.arguments, sampleShape: testCase.shape, mlp: [32, 24, 16])
    let network = try ReferenceNetwork(encoder, testCase, shards: shards)
    try network.forward()
    let outputs = try (1...2).flatMap { try network.output(view: $0).prefix(16) }
    let tolerance = 6.0
    #expect(
      relativeError(outputs, to: testCase.outputs.flatMap { $0 }.map { Float($0) }) < tolerance
        * max(testCase.errors.outputs, 1e-7))
    try network.backward()
    // PyTorch's error is that of all gradients together: for small ones it may be larger than they are.
    let total = testCase.gradients.values.reduce(0) { $0 + $1[1] * $1[1] }.squareRoot()
    for (name, expected) in testCase.gradients {
      let gradient = try network.gradient("encoder." + name)
      let (sum, norm) = (gradient.reduce(0, +), gradient.reduce(0) { $0 + $1 * $1 }.squareRoot())
      let limit = tolerance * max(testCase.errors.gradients, 1e-6) * (expected[1] + total / 100)
      #expect(abs(norm - expected[1]) < limit, "\(name): norm \(norm), PyTorch \(expected[1])")
      #expect(
        abs(sum - expected[0]) < limit * Double(gradient.count).squareRoot(),
        "\(name): sum \(sum), PyTorch \(expected[0])")
    }
    let evaluated = try network.evaluate().prefix(16)
    #expect(
      relativeError(evaluated, to: testCase.evaluation.map { Float($0) })
        < tolerance * max(testCase.errors.evaluation, 1e-6))
  }
}

/// An encoder planned for a case's two views, with the case's numbers in it.
private struct ReferenceNetwork {
  let encoder: Encoder
  let testCase: EncoderReference.Case
  let shards: Int
  let state: ParameterSet
  let network: PlannedNetwork

  init(_ encoder: Encoder, _ testCase: EncoderReference.Case, shards: Int) throws {
    (self.encoder, self.testCase, self.shards) = (encoder, testCase, shards)
    state = try ParameterSet(encoder.layers)
    try state.initialise(seed: 0)
    for entry in state.parameters.layout.entries {
      let values = EncoderReference.numbers(String(entry.name.dropFirst("encoder.".count)), entry.count)
      let isNormScale = entry.shape.count == 1 && entry.name.hasSuffix("weight")
      let gain = Float((6 / Double(entry.shape.dropFirst().reduce(1, *))).squareRoot())
      for i in 0..<entry.count {
        state.parameters.pointer(of: entry)[i] =
          entry.shape.count > 1 ? values[i] * gain : isNormScale ? 1 + 0.25 * values[i] : 0.25 * values[i]
      }
    }
    network = try Self.plan(
      encoder, testCase, state, shards: shards, samples: 2 * testCase.batch / shards, trains: true)
    let rows = testCase.batch / shards
    let count = rows * testCase.shape.reduce(1, *)
    for view in 0..<2 {
      let values = EncoderReference.numbers("view \(view + 1) \(testCase.salt)", shards * count)
      for shard in 0..<shards {
        for i in 0..<count { network.input.values[shard].pointer[view * count + i] = 1.5 * values[shard * count + i] }
      }
    }
  }

  private static func plan(
    _ encoder: Encoder, _ testCase: EncoderReference.Case, _ state: ParameterSet, shards: Int, samples: Int,
    trains: Bool
  ) throws -> PlannedNetwork {
    let workspace = try Workspace(
      batch: LocalBatch(shards: shards), parameters: state.parameters, statistics: state.statistics, isTraining: trains,
      convolution: .direct, largestGroup: state.parameters.layout.largestLayer)
    return try PlannedNetwork(
      encoder.layers, input: try encoder.inputShape(samples: samples, testCase.shape), workspace)
  }

  func forward() throws { try network.forward() }

  /// Features of all samples of a view, in their order.
  func output(view: Int) throws -> [Float] {
    let count = testCase.batch / shards * encoder.features
    return network.output.values.flatMap { buffer in
      (0..<count).map { buffer.pointer[(view - 1) * count + $0] }
    }
  }

  func backward() throws {
    let count = testCase.batch / shards * encoder.features
    for view in 0..<2 {
      let values = EncoderReference.numbers("gradient \(view + 1)", shards * count)
      for shard in 0..<shards {
        for i in 0..<count { network.output.gradients[shard].pointer[view * count + i] = values[shard * count + i] }
      }
    }
    try network.backward()
  }

  func gradient(_ name: String) throws -> [Double] {
    let entry = try state.parameters.layout.entry(name)
    return (0..<entry.count).map { Double(state.parameters.gradient(of: entry)[$0]) }
  }

  /// Features of view 1 with the running statistics that training left.
  func evaluate() throws -> [Float] {
    let planned = try Self.plan(encoder, testCase, state, shards: 1, samples: testCase.batch, trains: false)
    let values = EncoderReference.numbers("view 1 \(testCase.salt)", planned.input.values[0].count)
    for (i, value) in values.enumerated() { planned.input.values[0].pointer[i] = 1.5 * value }
    try planned.forward()
    return Array(planned.output.values[0].elements)
  }
}
