import CommandLine
import Diagnostics
import Tensors

/// Stochastic gradient descent with momentum, as in `torch.optim.SGD`.
///
/// With gradient g, rate η, decay λ, momentum μ and dampening τ: `g ← g + λp`; at the first step `b ← g`, later
/// `b ← μb + (1−τ)g`; then `p ← p − ηb`, or with Nesterov's momentum `p ← p − η(g + μb)`. Without momentum there is no
/// buffer and `p ← p − ηg`. The first step is the one at `stepCount` 0. Reads 12 and writes 8 bytes a parameter.
package final class SGD: Optimizer {
  package var stepCount = 0
  package let momentum: Double
  package let dampening: Double
  package let nesterov: Bool
  private let groups: ParameterGroups
  /// nil without momentum.
  private let buffer: AlignedBuffer<Float>?

  /// A negative momentum, and Nesterov's momentum with dampening or without momentum, are a `Failure(.usage)`.
  package init(_ groups: ParameterGroups, momentum: Double = 0, dampening: Double = 0, nesterov: Bool = false) throws {
    try require(momentum >= 0 && momentum.isFinite, "the momentum", expected: "0 or more", found: momentum)
    try require(dampening.isFinite, "the dampening", expected: "a number", found: dampening)
    if nesterov && (momentum == 0 || dampening != 0) {
      throw Failure(
        .usage, "Nesterov's momentum needs a momentum and no dampening", expected: "momentum > 0, dampening 0",
        found: "momentum \(momentum), dampening \(dampening)", remedy: "set momentum to 0.9, or nesterov to false")
    }
    self.groups = groups
    self.momentum = momentum
    self.dampening = dampening
    self.nesterov = nesterov
    buffer = momentum > 0 ? try AlignedBuffer(groups.layout.total, for: .optimizer) : nil
  }

  package var state: [(name: String, buffer: AlignedBuffer<Float>)] {
    buffer.map { [("momentum_buffer", $0)] } ?? []
  }

  package func step(_ arena: ParameterArena, learningRate: Double) {
    if let buffer {
      stepWithMomentum(arena, buffer, learningRate)
    } else {
      let (p, g) = (arena.values.vectors, arena.gradients.vectors)
      groups.forEachPiece { vectors, rule in
        let (rate, decay) = rule.vectors(learningRate: learningRate)
        for i in vectors { p[i] -= rate * g[i].addingProduct(decay, p[i]) }
      }
    }
    stepCount += 1
  }

  private func stepWithMomentum(_ arena: ParameterArena, _ buffer: AlignedBuffer<Float>, _ learningRate: Double) {
    let (p, g, b) = (arena.values.vectors, arena.gradients.vectors, buffer.vectors)
    // At the first step the old buffer counts for nothing and the gradient is not dampened.
    let first = stepCount == 0
    let kept = Vector(repeating: first ? 0 : Float(momentum))
    let added = Vector(repeating: first ? 1 : Float(1 - dampening))
    // p ← p − η(direct·g + through·b)
    let direct = Vector(repeating: nesterov ? 1 : 0)
    let through = Vector(repeating: nesterov ? Float(momentum) : 1)
    groups.forEachPiece { vectors, rule in
      let (rate, decay) = rule.vectors(learningRate: learningRate)
      for i in vectors {
        let gradient = g[i].addingProduct(decay, p[i])
        let velocity = (added * gradient).addingProduct(kept, b[i])
        p[i] -= rate * (through * velocity).addingProduct(direct, gradient)
        b[i] = velocity
      }
    }
  }
}

extension OptimizerKind {
  public static let sgd = OptimizerKind(
    "sgd", keywords: [.number("momentum"), .number("dampening"), .flag("nesterov")],
    check: { (keywords, location) throws(Failure) in
      // As in PyTorch: Nesterov's momentum needs a momentum and no dampening.
      guard keywords.flag("nesterov") == true else { return }
      let momentum = keywords.values["momentum"] ?? .number(0)
      let dampening = keywords.values["dampening"] ?? .number(0)
      guard momentum == .number(0) || dampening != .number(0) else { return }
      throw Failure(
        .usage, "nesterov needs a momentum above 0 and no dampening", at: location,
        found: "momentum \(momentum.json), dampening \(dampening.json)",
        remedy: #"for example \#(option: "optimizer-kwargs") '{"momentum": 0.9, "nesterov": true}'"#)
    },
    make: { groups, keywords in
      try SGD(
        groups, momentum: keywords.number("momentum") ?? 0, dampening: keywords.number("dampening") ?? 0,
        nesterov: keywords.flag("nesterov") == true)
    })
}
