import Encoders
import Layers
import Tensors
import TestSupport
import Testing
import TwinNetwork

@Suite struct BarlowTwinsLossTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var batch, features: Int
    var lambd = 0.02
    var testDescription: String { "\(batch)×\(features), λ \(lambd)" }
    var oracle: LossOracle { LossOracle(batch: batch, features: features, lambd: lambd) }
  }

  private struct Result {
    var value: LossValue
    var gradient: (z1: [Double], z2: [Double])
  }

  /// The loss of whole views, whose rows are shared out among the shards.
  private func result(
    _ z1: [Double], _ z2: [Double], _ c: Case, _ form: BarlowTwinsLoss.Form?, shards: Int
  ) throws -> Result {
    let (rows, count) = (c.batch / shards, c.batch / shards * c.features)
    let activation = Activation(
      TensorShape(samples: 2 * rows, channels: c.features), values: (0..<shards).map { _ in AlignedBuffer(2 * count) })
    // No layers: the network's input is the embedding, and it has gradients.
    let state = try ParameterSet(Sequential([]))
    let workspace = try Workspace(
      batch: LocalBatch(shards: shards), parameters: state.parameters, statistics: state.statistics, isTraining: true,
      convolution: .direct, largestGroup: 0)
    let network = try PlannedNetwork(Sequential([]), input: activation.shape, workspace)
    for shard in 0..<shards {
      for i in 0..<count {
        network.input.values[shard].pointer[i] = Float(z1[shard * count + i])
        network.input.values[shard].pointer[count + i] = Float(z2[shard * count + i])
      }
      for i in 0..<2 * count { network.output.gradients[shard].pointer[i] = .nan }
    }
    let loss = try BarlowTwinsLoss(embeddings: network.output, batch: workspace.batch, lambd: c.lambd, form: form)
    // Twice: nothing may be left from the step before.
    _ = try loss.forwardBackward()
    let value = try loss.forwardBackward()
    // The value alone, as in a validation, has the same bits and leaves the gradients as they are.
    let before = network.output.gradients.map { bits($0) }
    let alone = try loss.forward()
    for term in [\LossValue.total, \.invariance, \.redundancy] {
      #expect(alone[keyPath: term].bitPattern == value[keyPath: term].bitPattern)
    }
    #expect(network.output.gradients.map { bits($0) } == before)
    let gradients = network.output.gradients.map { $0.elements.map { Double($0) } }
    return Result(
      value: value, gradient: (gradients.flatMap { $0[..<count] }, gradients.flatMap { $0[count...] }))
  }

  /// Two views that resemble each other, each column with its own mean and deviation.
  private func views(_ c: Case, offset: Double = 0) -> (z1: [Double], z2: [Double]) {
    let (common, own1, own2) = (
      normalNumbers(c.batch * c.features, seed: 1), normalNumbers(c.batch * c.features, seed: 2),
      normalNumbers(c.batch * c.features, seed: 3)
    )
    func view(_ own: [Float]) -> [Double] {
      common.indices.map { i in
        let j = i % c.features
        return Double(Float(offset + Double(j % 5) + Double(common[i] + 0.7 * own[i]) * (0.5 + Double(j % 4))))
      }
    }
    return (view(own1), view(own2))
  }

  /// B above, at and below D; D that the shards do not divide, and below their number; D that fills no vector.
  static let cases = [
    Case(batch: 8, features: 6), Case(batch: 8, features: 17), Case(batch: 16, features: 16),
    Case(batch: 32, features: 7, lambd: 0.3), Case(batch: 8, features: 40, lambd: 0.005), Case(batch: 16, features: 2),
    Case(batch: 8, features: 1), Case(batch: 4, features: 5, lambd: 0),
  ]

  @Test(arguments: cases, [1, 2, 4]) func agreesWithTheDefinition(_ c: Case, shards: Int) throws {
    let (z1, z2) = views(c)
    let (terms, gradient) = (c.oracle.terms(z1, z2), c.oracle.gradient(z1, z2))
    for form in [BarlowTwinsLoss.Form.primal, .dual] {
      let result = try result(z1, z2, c, form, shards: shards)
      let value = result.value
      #expect(abs(value.invariance / terms.invariance - 1) < 1e-5, "\(form)")
      // The dual form takes the diagonal away from the sum over all pairs.
      let scale = terms.redundancy + terms.invariance + 1
      #expect(abs(value.redundancy - terms.redundancy) < 2e-6 * scale, "\(form)")
      #expect(value.total == value.invariance + c.lambd * value.redundancy)
      #expect(value.deadFeatures == 0)
      #expect(distance(result.gradient.z1, from: gradient.z1) < 2e-5, "\(form)")
      #expect(distance(result.gradient.z2, from: gradient.z2) < 2e-5, "\(form)")
    }
  }

  /// Columns of 10 000 ± 1: Float32 leaves three digits of the deviation, and the loss must not lose more.
  @Test(arguments: [BarlowTwinsLoss.Form.primal, .dual]) func largeMeans(form: BarlowTwinsLoss.Form) throws {
    let c = Case(batch: 16, features: 9)
    let (z1, z2) = views(c, offset: 1e4)
    let result = try result(z1, z2, c, form, shards: 2)
    let gradient = c.oracle.gradient(z1, z2, step: 1e-4)
    #expect(abs(result.value.total / c.oracle.loss(z1, z2) - 1) < 1e-5)
    #expect(result.value.deadFeatures == 0)
    #expect(distance(result.gradient.z1, from: gradient.z1) < 2e-3)
    #expect(distance(result.gradient.z2, from: gradient.z2) < 2e-3)
  }

  @Test(arguments: [0, 0.1, -3, 1e4, 1e-20], [BarlowTwinsLoss.Form.primal, .dual])
  func constantColumnsAreDead(constant: Double, form: BarlowTwinsLoss.Form) throws {
    let c = Case(batch: 8, features: 12)
    var (z1, z2) = views(c)
    // Column 2 in both views, 5 in the first only, 11 in the second only.
    for n in 0..<c.batch {
      for j in [2, 5] { z1[n * c.features + j] = Double(Float(constant)) }
      for j in [2, 11] { z2[n * c.features + j] = Double(Float(constant)) }
    }
    for shards in [1, 2, 4] {
      let result = try result(z1, z2, c, form, shards: shards)
      #expect(result.value.deadFeatures == 3)
      #expect(abs(result.value.total / c.oracle.loss(z1, z2) - 1) < 1e-5, "dead columns count as 0")
      for n in 0..<c.batch {
        for j in [2, 5] { #expect(result.gradient.z1[n * c.features + j] == 0) }
        for j in [2, 11] { #expect(result.gradient.z2[n * c.features + j] == 0) }
      }
      // The others' gradients are those of the loss in which a dead column is 0.
      let alive = (0..<c.batch * c.features).filter { ![2, 5, 11].contains($0 % c.features) }
      let gradient = c.oracle.gradient(z1, z2)
      #expect(distance(alive.map { result.gradient.z1[$0] }, from: alive.map { gradient.z1[$0] }) < 2e-5)
      #expect(distance(alive.map { result.gradient.z2[$0] }, from: alive.map { gradient.z2[$0] }) < 2e-5)
      #expect((result.gradient.z1 + result.gradient.z2).allSatisfy { $0.isFinite })
    }
  }

  /// Small, but not constant: nothing is dead just because its numbers are small.
  @Test(arguments: [1e-3, 1e-9, 1e6]) func theScaleOfAColumnDoesNotMatter(scale: Double) throws {
    let c = Case(batch: 16, features: 9)
    let (z1, z2) = views(c)
    let expected = try result(z1, z2, c, .primal, shards: 1)
    let scaled = try result(z1.map { $0 * scale }, z2.map { $0 * scale }, c, .primal, shards: 1)
    #expect(scaled.value.deadFeatures == 0)
    #expect(abs(scaled.value.total / expected.value.total - 1) < 1e-5)
    #expect(distance(scaled.gradient.z1.map { $0 * scale }, from: expected.gradient.z1) < 1e-4)
  }

  @Test(arguments: [Double.nan, .infinity]) func badValuesReachTheLoss(value: Double) throws {
    let c = Case(batch: 8, features: 12)
    var (z1, z2) = views(c)
    z1[5 * c.features + 3] = value
    for form in [BarlowTwinsLoss.Form.primal, .dual] {
      #expect(try result(z1, z2, c, form, shards: 2).value.total.isNaN)
      #expect(try result(z2, z1, c, form, shards: 2).value.total.isNaN)
    }
  }

  @Test func identicalViewsHaveNoInvarianceTerm() throws {
    let c = Case(batch: 16, features: 5)
    let z = views(c).z1
    for form in [BarlowTwinsLoss.Form.primal, .dual] {
      let result = try result(z, z, c, form, shards: 2)
      #expect(result.value.invariance < 1e-10)
      #expect(distance(result.gradient.z1, from: result.gradient.z2) < 1e-4)
    }
  }

  @Test func shardsChangeNothingButRounding() throws {
    let c = Case(batch: 32, features: 24)
    let (z1, z2) = views(c)
    for form in [BarlowTwinsLoss.Form.primal, .dual] {
      let one = try result(z1, z2, c, form, shards: 1)
      for shards in [2, 4, 8, 16] {
        let more = try result(z1, z2, c, form, shards: shards)
        #expect(abs(more.value.total / one.value.total - 1) < 1e-6)
        #expect(distance(more.gradient.z1, from: one.gradient.z1) < 2e-6)
        #expect(distance(more.gradient.z2, from: one.gradient.z2) < 2e-6)
      }
    }
  }

  @Test func theCheaperFormIsChosen() throws {
    // Flops: 6·B·D² and 8·B²·D.
    for (batch, features) in [(1, 1), (3, 4), (74, 100), (75, 100), (76, 100), (256, 8192), (4096, 128)] {
      let dual = 8 * batch * batch * features < 6 * batch * features * features
      #expect(BarlowTwinsLoss.Form.cheaper(batch: batch, features: features) == (dual ? .dual : .primal))
    }
    let activation = Activation(TensorShape(samples: 8, channels: 4), values: [])
    // 4 rows in each of 4 shards: 16 samples of 4 features.
    #expect(try BarlowTwinsLoss(embeddings: activation, batch: LocalBatch(shards: 4), lambd: 1).form == .primal)
    #expect(try BarlowTwinsLoss(embeddings: activation, batch: LocalBatch(), lambd: 1, form: .dual).form == .dual)
    let wide = Activation(TensorShape(samples: 8, channels: 40), values: [])
    #expect(try BarlowTwinsLoss(embeddings: wide, batch: LocalBatch(), lambd: 1).form == .dual)
  }
}

@Suite struct LossFloorTests {
  /// C = t·P with a projection P of rank B − 1 and equal diagonal is the best that B samples allow: found by search.
  @Test(arguments: [(64, 128, 0.005), (256, 8192, 0.005), (32, 32, 0.1), (2, 10, 0.02), (100, 100, 1)])
  func isTheSmallestLossOfARankDeficientMatrix(batch: Int, features: Int, lambd: Double) {
    let (rank, d) = (Double(batch - 1), Double(features))
    func loss(_ t: Double) -> Double {
      let diagonal = t * rank / d
      return d * (1 - diagonal) * (1 - diagonal) + lambd * (t * t * rank - d * diagonal * diagonal)
    }
    var (low, high) = (0.0, 2 * d / rank)
    for _ in 0..<200 {
      let (left, right) = (low + (high - low) / 3, high - (high - low) / 3)
      if loss(left) < loss(right) { high = right } else { low = left }
    }
    #expect(abs(LossValue.floor(batch: batch, features: features, lambd: lambd) / loss(low) - 1) < 1e-9)
  }

  @Test func thereIsNoFloorForMoreSamplesThanFeatures() {
    for (batch, features) in [(129, 128), (1000, 10), (2, 1)] {
      #expect(LossValue.floor(batch: batch, features: features, lambd: 0.005) == 0)
    }
    #expect(LossValue.floor(batch: 128, features: 128, lambd: 0.005) > 0)
    #expect(LossValue.floor(batch: 8, features: 128, lambd: 0) == 0)
  }

  /// Whitened embeddings, the same in both views, of the highest rank: the loss is near the floor, never below.
  @Test func noLossIsBelowIt() {
    let (batch, features, lambd) = (6, 40, 0.02)
    let oracle = LossOracle(batch: batch, features: features, lambd: lambd)
    let floor = LossValue.floor(batch: batch, features: features, lambd: lambd)
    for seed in 1...20 as ClosedRange<UInt64> {
      let z = normalNumbers(batch * features, seed: seed).map { Double($0) }
      #expect(oracle.loss(z, z) >= floor)
      #expect(oracle.loss(z, normalNumbers(batch * features, seed: seed + 50).map { Double($0) }) >= floor)
    }
  }
}

@Suite struct ProjectorTests {
  @Test func namesAndShapesAreNidls() throws {
    let projector = Projector(inputs: 5, hidden: 7, outputs: 3)
    let expected: [String: [Int]] = [
      "projection_head.layers.0.weight": [7, 5], "projection_head.layers.1.weight": [7],
      "projection_head.layers.1.bias": [7], "projection_head.layers.3.weight": [7, 7],
      "projection_head.layers.4.weight": [7], "projection_head.layers.4.bias": [7],
      "projection_head.layers.6.weight": [3, 7], "projection_head.layers.6.bias": [3],
    ]
    #expect(
      Dictionary(uniqueKeysWithValues: projector.layers.parameters.map { ($0.name, $0.shape) }) == expected)
    #expect(
      projector.layers.buffers.map(\.name) == [
        "projection_head.layers.1.running_mean", "projection_head.layers.1.running_var",
        "projection_head.layers.4.running_mean", "projection_head.layers.4.running_var",
      ])
    #expect(projector.inputs == 5 && projector.hidden == 7 && projector.outputs == 3)
    #expect(Projector(inputs: 5).hidden == 2048 && Projector(inputs: 5).outputs == 2048)
  }
}

@Suite struct BarlowTwinsNetworkTests {
  /// Central differences of the loss through encoder, projector and loss, along the gradient: ‖g‖² is the slope.
  @Test(arguments: [1, 2, 4]) func theGradientIsTheSlopeOfTheLoss(shards: Int) throws {
    let network = try BarlowTwinsNetwork(
      encoder: MLP(inputs: 10, hidden: [24, 12]).encoder, projector: Projector(inputs: 12, hidden: 32, outputs: 20),
      sampleShape: [10], samplesPerShard: 16 / shards, batch: LocalBatch(shards: shards), lambd: 0.02)
    try network.state.initialise(seed: 5)
    let count = 16 / shards * 10
    let common = normalNumbers(160, seed: 1)
    for view in 0..<2 {
      let own = normalNumbers(160, seed: UInt64(2 + view))
      for i in 0..<160 { network.inputs[i / count].pointer[view * count + i % count] = common[i] + 0.5 * own[i] }
    }
    let value = try network.forwardBackward()
    #expect(value.deadFeatures == 0 && value.total > 1)
    let arena = network.state.parameters
    #expect(paddingIsZero(arena.gradients, arena.layout))
    let gradient = Array(arena.gradients.elements)
    let square = gradient.reduce(0) { $0 + Double($1) * Double($1) }
    let before = Array(arena.values.elements)
    func loss(_ step: Double) throws -> Double {
      for i in before.indices { arena.values.pointer[i] = before[i] + Float(step * Double(gradient[i])) }
      return try network.forwardBackward().total
    }
    // Short: every ReLU on the way is a kink.
    let step = 2e-4 / square.squareRoot()
    let slope = (try loss(step) - loss(-step)) / (2 * step)
    #expect(abs(slope / square - 1) < 1e-3, "\(slope) and \(square)")
  }
}
