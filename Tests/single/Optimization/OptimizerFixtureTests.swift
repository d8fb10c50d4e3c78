import Foundation
import Optimization
import Tensors
import TestSupport
import Testing

/// Ten steps on given gradients, against PyTorch in double precision.
@Suite struct OptimizerFixtureTests {
  private struct Keywords: Decodable {
    var momentum, eta, eps: Double?
    var betas: [Double]?
    var nesterov, amsgrad: Bool?
  }

  @Test(arguments: ["adam", "adam-betas", "adamW", "adamW-amsgrad", "sgd", "sgd-momentum", "sgd-nesterov", "lars"])
  func tenStepsAgreeWithPyTorch(name: String) throws {
    let fixture = try Fixture("optimizer-\(name)")
    var layout = ParameterLayout()
    let gradients = fixture.file.names.filter { $0.hasPrefix("grads_") }.sorted()
    for name in gradients.map({ String($0.dropFirst("grads_".count)) }) {
      try layout.append(name: name, shape: fixture.file.shape(of: name))
    }
    let arena = try ParameterArena(layout)
    for entry in layout.entries { copy(try fixture.floats(entry.name), to: arena.pointer(of: entry)) }

    let rate: Double = try fixture.value("learning_rate")
    let biasRate =
      fixture.file.metadata["learning_rate_biases"] == nil ? rate : try fixture.value("learning_rate_biases")
    let groups = try ParameterGroups(
      layout, weightDecay: fixture.value("weight_decay"), biasRateFactor: biasRate / rate)
    let optimizer = try makeOptimizer(name, groups, fixture.value("optimizer_kwargs"))
    let given = try layout.entries.map { try fixture.floats("grads_\($0.name)") }
    for step in 0..<10 {
      for (entry, gradient) in zip(layout.entries, given) {
        copy(gradient[step * entry.count..<(step + 1) * entry.count], to: arena.gradient(of: entry))
      }
      optimizer.step(arena, learningRate: rate)
    }

    #expect(optimizer.stepCount == 10)
    for entry in layout.entries {
      let values = UnsafeBufferPointer(start: arena.pointer(of: entry), count: entry.count)
      let error = relativeError(values, to: try fixture.floats("final_\(entry.name)"))
      // PyTorch's operations, done one by one in single precision, end 6e-8 to 2.4e-7 away.
      #expect(error < 2e-7, "\(entry.name): \(error)")
    }
    #expect(paddingIsZero(arena.values, layout))
    for buffer in optimizer.state.map(\.buffer) { #expect(paddingIsZero(buffer, layout)) }
  }

  private func makeOptimizer(_ name: String, _ groups: ParameterGroups, _ keywords: Keywords) throws -> any Optimizer {
    switch name.prefix(while: { $0 != "-" }) {
    case "sgd": try SGD(groups, momentum: keywords.momentum ?? 0, nesterov: keywords.nesterov ?? false)
    case "lars": try LARS(groups, momentum: keywords.momentum ?? 0, trust: keywords.eta ?? 0)
    case let kind:
      try Adam(
        groups, decay: kind == "adam" ? .l2 : .decoupled,
        betas: keywords.betas.map { ($0[0], $0[1]) } ?? (0.9, 0.999), epsilon: keywords.eps ?? 1e-8,
        amsgrad: keywords.amsgrad ?? false)
    }
  }
}
