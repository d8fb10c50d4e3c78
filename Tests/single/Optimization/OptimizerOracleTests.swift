import Diagnostics
import Foundation
import Optimization
import Tensors
import TestSupport
import Testing

/// The kernels against PyTorch's definitions written down slowly in double precision, on odd sizes.
@Suite(.serialized) struct OptimizerOracleTests {
  private let layout: ParameterLayout
  private let arena: ParameterArena

  init() throws {
    layout = try oddLayout()
    arena = ParameterArena(layout)
    fill(arena.values, layout, seed: 1)
  }

  @Test(arguments: [true, false]) func adamW(excludeBiasAndNorm: Bool) throws {
    let optimizer = try AdamW(
      layout, betas: (0.8, 0.95), epsilon: 1e-6, weightDecay: 0.1, excludeBiasAndNorm: excludeBiasAndNorm)
    try compare(optimizer, state: 2, excludeBiasAndNorm) { p, g, state, decays, step, rate in
      p -= decays ? rate * 0.1 * p : 0
      state[0] = 0.8 * state[0] + 0.2 * g
      state[1] = 0.95 * state[1] + 0.05 * g * g
      let corrections = (1 - pow(0.8, Double(step)), 1 - pow(0.95, Double(step)))
      p -= rate / corrections.0 * state[0] / ((state[1] / corrections.1).squareRoot() + 1e-6)
    }
  }

  @Test(arguments: [true, false]) func dampenedMomentum(excludeBiasAndNorm: Bool) throws {
    let optimizer = try SGD(
      layout, momentum: 0.7, dampening: 0.2, weightDecay: 0.1, excludeBiasAndNorm: excludeBiasAndNorm)
    try compare(optimizer, state: 1, excludeBiasAndNorm) { p, g, state, decays, step, rate in
      let gradient = g + (decays ? 0.1 * p : 0)
      state[0] = step == 1 ? gradient : 0.7 * state[0] + 0.8 * gradient
      p -= rate * state[0]
    }
  }

  /// `update(p, g, state, decays, step, rate)` for one parameter; `step` is 1 for the first.
  private func compare(
    _ optimizer: any Optimizer, state: Int, _ excludeBiasAndNorm: Bool,
    _ update: (inout Double, Double, inout [Double], Bool, Int, Double) -> Void
  ) throws {
    var expected = arena.values.elements.map(Double.init)
    var states = [[Double]](repeating: [Double](repeating: 0, count: state), count: layout.total)
    for step in 1...5 {
      let rate = 0.01 * Double(step)
      fill(arena.gradients, layout, seed: UInt64(100 + step))
      for entry in layout.entries {
        for i in entry.range {
          let decays = entry.decays || !excludeBiasAndNorm
          update(&expected[i], Double(arena.gradients.pointer[i]), &states[i], decays, step, rate)
        }
      }
      optimizer.step(arena, learningRate: rate)
    }
    for entry in layout.entries {
      let found = entry.range.map { arena.values.pointer[$0] }
      let error = relativeError(found, to: entry.range.map { Float(expected[$0]) })
      #expect(error < 2e-7, "\(entry.name): \(error)")
    }
    #expect(paddingIsZero(arena.values, layout))
  }

  @Test func threadsChangeNoBit() throws {
    let threads = ThreadPool.threads
    defer { ThreadPool.configure(threads: threads) }
    var results: [[UInt32]] = []
    for count in [1, 2, 3] {
      ThreadPool.configure(threads: count)
      fill(arena.values, layout, seed: 1)
      fill(arena.gradients, layout, seed: 2)
      let optimizers: [any Optimizer] = [
        try AdamW(layout, weightDecay: 0.1), try SGD(layout, momentum: 0.9, nesterov: true, weightDecay: 0.1),
      ]
      for optimizer in optimizers { for _ in 0..<3 { optimizer.step(arena, learningRate: 0.01) } }
      results.append(bits(arena.values))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func resumingGivesTheSameBits() throws {
    for make: () throws -> any Optimizer in [
      { try AdamW(layout, weightDecay: 0.1) }, { try SGD(layout, momentum: 0.9, dampening: 0.5) },
    ] {
      let whole = try make()
      fill(arena.values, layout, seed: 1)
      fill(arena.gradients, layout, seed: 2)
      for _ in 0..<2 { whole.step(arena, learningRate: 0.01) }
      let resumed = try make()
      resumed.stepCount = whole.stepCount
      for (new, old) in zip(resumed.state, whole.state) {
        #expect(new.name == old.name)
        copy(Array(old.buffer.elements), to: new.buffer.pointer)
      }
      let values = Array(arena.values.elements)
      whole.step(arena, learningRate: 0.01)
      let expected = bits(arena.values)
      copy(values, to: arena.values.pointer)
      resumed.step(arena, learningRate: 0.01)
      #expect(bits(arena.values) == expected)
    }
  }

  @Test func stateHasPyTorchNames() throws {
    #expect(try AdamW(layout).state.map(\.name) == ["exp_avg", "exp_avg_sq"])
    #expect(try SGD(layout, momentum: 0.9).state.map(\.name) == ["momentum_buffer"])
    #expect(try SGD(layout).state.isEmpty)
  }

  @Test func aSmallDecayHasTheRightSizeOnAverage() throws {
    // 3e-4 · 5e-4 = 1.5e-7: in single precision `1 − ηλ` would be 1 − 1.19e-7 or 1 − 1.79e-7 for every parameter.
    let optimizer = try AdamW(layout, weightDecay: 5e-4)
    let range = try layout.entry("p2").range
    let before = range.map { Double(arena.values.pointer[$0]) }
    arena.gradients.zero()
    optimizer.step(arena, learningRate: 3e-4)
    let change = zip(range, before).reduce(0.0) { $0 + 1 - Double(arena.values.pointer[$1.0]) / $1.1 }
    #expect(abs(change / Double(before.count) - 1.5e-7) < 1e-8)
  }

  @Test func wrongHyperparametersAreRefused() throws {
    #expect(throws: Failure.self) { try AdamW(layout, betas: (1, 0.999)) }
    #expect(throws: Failure.self) { try AdamW(layout, betas: (0.9, .nan)) }
    #expect(throws: Failure.self) { try AdamW(layout, epsilon: 0) }
    #expect(throws: Failure.self) { try AdamW(layout, weightDecay: -1) }
    #expect(throws: Failure.self) { try SGD(layout, momentum: -0.1) }
    #expect(throws: Failure.self) { try SGD(layout, nesterov: true) }
    #expect(throws: Failure.self) { try SGD(layout, momentum: 0.9, dampening: 0.1, nesterov: true) }
  }
}
