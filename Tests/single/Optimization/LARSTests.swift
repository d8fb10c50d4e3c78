import Foundation
import Optimization
import Tensors
import TestSupport
import Testing

/// LARS against the formula of the Barlow Twins paper's code, written down slowly in double precision.
@Suite(.serialized) struct LARSTests {
  private let layout: ParameterLayout
  private let arena: ParameterArena

  init() throws {
    layout = try oddLayout()
    arena = try ParameterArena(layout)
    fill(arena.values, layout, seed: 1)
  }

  /// One step of the paper's class on one tensor; `adapts` and `decays` are what its filters let through.
  private func oracle(
    _ p: inout [Double], _ g: [Double], _ mu: inout [Double], decay: Double, decays: Bool, adapts: Bool, rate: Double
  ) {
    var d = zip(g, p).map { $0 + (decays ? decay * $1 : 0) }
    if adapts {
      func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      let (parameter, update) = (norm(p), norm(d))
      let q = parameter > 0 && update > 0 ? 0.01 * parameter / update : 1
      d = d.map { $0 * q }
    }
    mu = zip(mu, d).map { 0.8 * $0 + $1 }
    p = zip(p, mu).map { $0 - rate * $1 }
  }

  @Test(arguments: [true, false], [true, false])
  func agreesWithThePapersCode(excludesFromDecay: Bool, excludesFromAdaptation: Bool) throws {
    let groups = try ParameterGroups(
      layout, weightDecay: 0.1, excludeBiasAndNorm: excludesFromDecay, biasRateFactor: 0.024)
    let optimizer = try LARS(groups, momentum: 0.8, trust: 0.01, excludeBiasAndNorm: excludesFromAdaptation)
    // A tensor of zeros, one whose gradient is zero, and a bias of zeros.
    for name in ["p5", "p3"] { for i in try layout.entry(name).range { arena.values.pointer[i] = 0 } }
    var expected = layout.entries.map { entry in entry.range.map { Double(arena.values.pointer[$0]) } }
    var buffers = expected.map { $0.map { _ in 0.0 } }
    for step in 1...5 {
      fill(arena.gradients, layout, seed: UInt64(100 + step))
      for i in try layout.entry("p0").range where step == 2 { arena.gradients.pointer[i] = 0 }
      for (index, entry) in layout.entries.enumerated() {
        oracle(
          &expected[index], entry.range.map { Double(arena.gradients.pointer[$0]) }, &buffers[index], decay: 0.1,
          decays: entry.decays || !excludesFromDecay, adapts: entry.decays || !excludesFromAdaptation,
          rate: Double(step) * (entry.decays ? 1 : 0.024))
      }
      optimizer.step(arena, learningRate: Double(step))
    }
    for (index, entry) in layout.entries.enumerated() {
      let error = relativeError(entry.range.map { arena.values.pointer[$0] }, to: expected[index].map { Float($0) })
      #expect(error < 3e-7, "\(entry.name): \(error)")
    }
    #expect(paddingIsZero(arena.values, layout) && paddingIsZero(optimizer.state[0].buffer, layout))
  }

  /// Without decay and gradient both norms of the update vanish, and nothing may move.
  @Test func zerosStayWhereTheyAre() throws {
    let optimizer = try LARS(ParameterGroups(layout))
    let before = bits(arena.values)
    for _ in 0..<2 { optimizer.step(arena, learningRate: 1) }
    #expect(bits(arena.values) == before)
    arena.values.zero()
    optimizer.step(arena, learningRate: 1)
    #expect(arena.values.elements.allSatisfy { $0 == 0 })
  }

  /// The smallest gradient that a Float can hold asks for a ratio that none can.
  @Test func vanishingGradientsGiveNoInfinity() throws {
    let entry = try layout.entry("p2")
    arena.gradients.pointer[entry.offset] = .leastNonzeroMagnitude
    for i in entry.range { arena.values.pointer[i] *= 1e6 }
    let optimizer = try LARS(ParameterGroups(layout), trust: 1)
    optimizer.step(arena, learningRate: 1e-3)
    #expect(arena.values.elements.allSatisfy { $0.isFinite })
  }

  /// Published trainers average the gradients of W ranks, each with only its own samples' part: their gradient is
  /// 1/W of the true one. On the true one the same run has W times the weight decay, and 1/W of the rate for what does
  /// not adapt. Where W is a power of two the two are equal to the bit.
  @Test(arguments: [2.0, 3, 32])
  func thePublishedRecipeOnExactGradients(ranks: Double) throws {
    let decay = 0.02
    func run(gradient scale: Double, decay: Double, biasRateFactor: Double) throws -> [Float] {
      let optimizer = try LARS(ParameterGroups(layout, weightDecay: decay, biasRateFactor: biasRateFactor), trust: 0.01)
      fill(arena.values, layout, seed: 1)
      for step in 1...20 {
        // A gradient that depends on the parameters, so that trajectories can part.
        for entry in layout.entries {
          for i in entry.range {
            let gradient = arena.values.pointer[i] - noise(i, seed: 7) + noise(i, seed: UInt64(10 + step)) / 4
            arena.gradients.pointer[i] = Float(Double(gradient) * scale)
          }
        }
        optimizer.step(arena, learningRate: 2)
      }
      return Array(arena.values.elements)
    }
    let published = try run(gradient: 1 / ranks, decay: decay, biasRateFactor: 0.024)
    let exact = try run(gradient: 1, decay: decay * ranks, biasRateFactor: 0.024 / ranks)
    if ranks == 3 {
      #expect(relativeError(exact, to: published) < 1e-6)
    } else {
      #expect(exact == published)
    }
    // The direction matters: neither the published numbers nor their opposite will do.
    for (decay, factor) in [(decay, 0.024), (decay / ranks, 0.024 / ranks), (decay * ranks, 0.024 * ranks)] {
      #expect(relativeError(try run(gradient: 1, decay: decay, biasRateFactor: factor), to: published) > 1e-3)
    }
  }
}
