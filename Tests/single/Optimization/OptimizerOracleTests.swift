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
    arena = try ParameterArena(layout)
    fill(arena.values, layout, seed: 1)
  }

  /// Weight decay of biases and norms or not, and their rate over that of weights.
  static let groupings: [(excludeBiasAndNorm: Bool, biasRateFactor: Double)] = [
    (true, 1), (false, 1), (true, 0.03), (false, 2),
  ]

  private func groups(_ grouping: (excludeBiasAndNorm: Bool, biasRateFactor: Double), weightDecay: Double = 0.1) throws
    -> ParameterGroups
  {
    try ParameterGroups(
      layout, weightDecay: weightDecay, excludeBiasAndNorm: grouping.excludeBiasAndNorm,
      biasRateFactor: grouping.biasRateFactor)
  }

  @Test(arguments: groupings, [Adam.Decay.l2, .decoupled])
  func adam(_ grouping: (excludeBiasAndNorm: Bool, biasRateFactor: Double), decay: Adam.Decay) throws {
    for amsgrad in [false, true] {
      fill(arena.values, layout, seed: 1)
      let optimizer = try Adam(groups(grouping), decay: decay, betas: (0.8, 0.6), epsilon: 1e-6, amsgrad: amsgrad)
      try compare(optimizer, state: 3, grouping) { p, gradient, state, decays, step, rate in
        let decayed = decays ? 0.1 * p : 0
        let g = gradient + (decay == .l2 ? decayed : 0)
        if decay == .decoupled { p -= rate * decayed }
        state[0] = 0.8 * state[0] + 0.2 * g
        state[1] = 0.6 * state[1] + 0.4 * g * g
        state[2] = max(state[2], state[1])
        let corrections = (1 - pow(0.8, Double(step)), 1 - pow(0.6, Double(step)))
        let root = ((amsgrad ? state[2] : state[1]) / corrections.1).squareRoot()
        p -= rate / corrections.0 * state[0] / (root + 1e-6)
      }
    }
  }

  @Test(arguments: groupings, [false, true])
  func momentum(_ grouping: (excludeBiasAndNorm: Bool, biasRateFactor: Double), nesterov: Bool) throws {
    let dampening = nesterov ? 0 : 0.2
    let optimizer = try SGD(groups(grouping), momentum: 0.7, dampening: dampening, nesterov: nesterov)
    try compare(optimizer, state: 1, grouping) { p, g, state, decays, step, rate in
      let gradient = g + (decays ? 0.1 * p : 0)
      state[0] = step == 1 ? gradient : 0.7 * state[0] + (1 - dampening) * gradient
      p -= rate * (nesterov ? gradient + 0.7 * state[0] : state[0])
    }
  }

  @Test(arguments: groupings)
  func plainDescent(_ grouping: (excludeBiasAndNorm: Bool, biasRateFactor: Double)) throws {
    try compare(try SGD(groups(grouping)), state: 0, grouping) { p, g, _, decays, _, rate in
      p -= rate * (g + (decays ? 0.1 * p : 0))
    }
  }

  /// `update(p, g, state, decays, step, rate)` for one parameter; `step` is 1 for the first.
  ///
  /// The first gradients are the largest, so that second moments fall later.
  private func compare(
    _ optimizer: any Optimizer, state: Int, _ grouping: (excludeBiasAndNorm: Bool, biasRateFactor: Double),
    _ update: (inout Double, Double, inout [Double], Bool, Int, Double) -> Void
  ) throws {
    var expected = arena.values.elements.map(Double.init)
    var states = [[Double]](repeating: [Double](repeating: 0, count: state), count: layout.total)
    for step in 1...5 {
      let rate = 0.01 * Double(step)
      fill(arena.gradients, layout, seed: UInt64(100 + step))
      for i in 0..<layout.total where step == 1 { arena.gradients.pointer[i] *= 8 }
      for entry in layout.entries {
        for i in entry.range {
          let (decays, factor) = (
            entry.decays || !grouping.excludeBiasAndNorm, entry.decays ? 1 : grouping.biasRateFactor
          )
          update(&expected[i], Double(arena.gradients.pointer[i]), &states[i], decays, step, rate * factor)
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

  /// One of each kind, with all its state.
  private func optimizers() throws -> [any Optimizer] {
    let groups = try ParameterGroups(layout, weightDecay: 0.1, biasRateFactor: 0.5)
    return [
      try Adam(groups, decay: .decoupled), try Adam(groups, decay: .l2, amsgrad: true),
      try SGD(groups, momentum: 0.9, nesterov: true), try SGD(groups, momentum: 0.9, dampening: 0.5), try LARS(groups),
      try LARS(groups, excludeBiasAndNorm: false),
    ]
  }

  @Test func threadsChangeNoBit() throws {
    let threads = ThreadPool.threads
    defer { ThreadPool.configure(threads: threads) }
    var results: [[UInt32]] = []
    for count in [1, 2, 3] {
      ThreadPool.configure(threads: count)
      fill(arena.values, layout, seed: 1)
      fill(arena.gradients, layout, seed: 2)
      for optimizer in try optimizers() { for _ in 0..<3 { optimizer.step(arena, learningRate: 0.01) } }
      results.append(bits(arena.values))
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func resumingGivesTheSameBits() throws {
    for (whole, resumed) in zip(try optimizers(), try optimizers()) {
      fill(arena.values, layout, seed: 1)
      for seed in [2, 3] as [UInt64] {
        fill(arena.gradients, layout, seed: seed)
        whole.step(arena, learningRate: 0.01)
      }
      resumed.stepCount = whole.stepCount
      for (new, old) in zip(resumed.state, whole.state) {
        #expect(new.name == old.name)
        copy(Array(old.buffer.elements), to: new.buffer.pointer)
      }
      let values = Array(arena.values.elements)
      // Smaller than before: the largest second moment counts.
      for i in 0..<layout.total { arena.gradients.pointer[i] *= 0.01 }
      whole.step(arena, learningRate: 0.01)
      let expected = bits(arena.values)
      copy(values, to: arena.values.pointer)
      resumed.step(arena, learningRate: 0.01)
      #expect(bits(arena.values) == expected)
    }
  }

  @Test func stateHasPyTorchNames() throws {
    #expect(
      try optimizers().map { $0.state.map(\.name) } == [
        ["exp_avg", "exp_avg_sq"], ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"], ["momentum_buffer"],
        ["momentum_buffer"], ["mu"], ["mu"],
      ])
    #expect(try SGD(ParameterGroups(layout)).state.isEmpty)
  }

  /// What is not finite in one parameter's gradient spoils that parameter, and no other.
  @Test(arguments: [Float.nan, .infinity]) func aBadGradientSpoilsItsOwnParameter(value: Float) throws {
    let bad = try layout.entry("p2").offset + 12345
    for optimizer in try optimizers() where !(optimizer is LARS) {
      fill(arena.values, layout, seed: 1)
      fill(arena.gradients, layout, seed: 2)
      arena.gradients.pointer[bad] = value
      for _ in 0..<2 { optimizer.step(arena, learningRate: 0.01) }
      #expect((0..<layout.total).filter { !arena.values.pointer[$0].isFinite } == [bad])
    }
  }

  @Test func aSmallDecayHasTheRightSizeOnAverage() throws {
    // 3e-4 · 5e-4 = 1.5e-7: in single precision `1 − ηλ` would be 1 − 1.19e-7 or 1 − 1.79e-7 for every parameter.
    let optimizer = try Adam(ParameterGroups(layout, weightDecay: 5e-4), decay: .decoupled)
    let range = try layout.entry("p2").range
    let before = range.map { Double(arena.values.pointer[$0]) }
    arena.gradients.zero()
    optimizer.step(arena, learningRate: 3e-4)
    let change = zip(range, before).reduce(0.0) { $0 + 1 - Double(arena.values.pointer[$1.0]) / $1.1 }
    #expect(abs(change / Double(before.count) - 1.5e-7) < 1e-8)
  }

  @Test func wrongHyperparametersAreRefused() throws {
    let groups = try ParameterGroups(layout)
    #expect(throws: Failure.self) { try Adam(groups, decay: .l2, betas: (1, 0.999)) }
    #expect(throws: Failure.self) { try Adam(groups, decay: .l2, betas: (0.9, .nan)) }
    #expect(throws: Failure.self) { try Adam(groups, decay: .decoupled, epsilon: 0) }
    #expect(throws: Failure.self) { try ParameterGroups(layout, weightDecay: -1) }
    #expect(throws: Failure.self) { try ParameterGroups(layout, biasRateFactor: .infinity) }
    #expect(throws: Failure.self) { try SGD(groups, momentum: -0.1) }
    #expect(throws: Failure.self) { try SGD(groups, nesterov: true) }
    #expect(throws: Failure.self) { try SGD(groups, momentum: 0.9, dampening: 0.1, nesterov: true) }
    #expect(throws: Failure.self) { try LARS(groups, momentum: .nan) }
    #expect(throws: Failure.self) { try LARS(groups, trust: -1) }
  }
}
