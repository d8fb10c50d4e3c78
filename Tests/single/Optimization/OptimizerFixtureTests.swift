import Optimization
import Tensors
import TestSupport
import Testing

/// Ten steps on given gradients, against PyTorch in double precision.
@Suite struct OptimizerFixtureTests {
  @Test(arguments: ["adamW", "sgd", "sgd-momentum", "sgd-nesterov"])
  func tenStepsAgreeWithPyTorch(name: String) throws {
    let fixture = try Fixture("optimizer-\(name)")
    var layout = ParameterLayout()
    let bias = try layout.append(name: "bias", shape: [6])
    let weight = try layout.append(name: "weight", shape: [6, 5])
    let arena = ParameterArena(layout)
    for entry in layout.entries { copy(try fixture.floats(entry.name), to: arena.pointer(of: entry)) }

    let optimizer = try makeOptimizer(name, layout, weightDecay: fixture.value("weight_decay"))
    let gradients = (try fixture.floats("grads_bias"), try fixture.floats("grads_weight"))
    for step in 0..<10 {
      copy(gradients.0[step * 6..<step * 6 + 6], to: arena.gradient(of: bias))
      copy(gradients.1[step * 30..<step * 30 + 30], to: arena.gradient(of: weight))
      optimizer.step(arena, learningRate: try fixture.value("learning_rate"))
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

  private func makeOptimizer(_ name: String, _ layout: ParameterLayout, weightDecay: Double) throws -> any Optimizer {
    if name == "adamW" { return try AdamW(layout, weightDecay: weightDecay) }
    return try SGD(
      layout, momentum: name == "sgd" ? 0 : 0.9, nesterov: name == "sgd-nesterov", weightDecay: weightDecay)
  }
}
