import Optimization
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct GradientClippingTests {
  private struct Case: Decodable {
    var name, algorithm: String
    var bound, norm: Double
  }

  /// `clip_grad_norm_` with a norm above the bound, below it, and one that is as small as the 1e-6 of its formula;
  /// `clip_grad_value_`.
  @Test func clipsAsPyTorch() throws {
    let fixture = try Fixture("gradient-clipping")
    for recorded: Case in try fixture.value("cases", as: [Case].self) {
      var layout = ParameterLayout()
      for name in ["weight", "bias"] {
        try layout.append(name: name, shape: fixture.file.shape(of: "\(recorded.name).given.\(name)"))
      }
      let arena = try ParameterArena(layout)
      for entry in layout.entries {
        copy(try fixture.floats("\(recorded.name).given.\(entry.name)"), to: arena.gradient(of: entry))
      }
      let norm = try GradientNorm(layout).measure(arena)
      #expect(abs(norm / recorded.norm - 1) < 1e-12)
      let clipping: GradientClipping = recorded.algorithm == "norm" ? .norm(recorded.bound) : .value(recorded.bound)
      clipping.apply(to: arena, norm: norm)
      for entry in layout.entries {
        let found = UnsafeBufferPointer(start: arena.gradient(of: entry), count: entry.count)
        let error = relativeError(found, to: try fixture.floats("\(recorded.name).clipped.\(entry.name)"))
        #expect(error < 1e-7, "\(recorded.name): \(error)")
      }
      #expect(paddingIsZero(arena.gradients, layout))
    }
  }

  /// Several pieces of the kernels, against a slow loop.
  @Test func everyElementIsClipped() throws {
    let layout = try oddLayout()
    let arena = try ParameterArena(layout)
    for clipping in [GradientClipping.norm(3), .value(0.3)] {
      fill(arena.gradients, layout, seed: 3)
      let before = Array(arena.gradients.elements)
      let norm = try GradientNorm(layout).measure(arena)
      clipping.apply(to: arena, norm: norm)
      let expected = before.map { clipping == .value(0.3) ? max(-0.3, min(0.3, $0)) : Float(3 / (norm + 1e-6)) * $0 }
      #expect(Array(arena.gradients.elements) == expected)
    }
  }

  @Test func smallGradientsAreLeftAlone() throws {
    let layout = try oddLayout()
    let arena = try ParameterArena(layout)
    fill(arena.gradients, layout, seed: 3)
    let (before, norm) = (bits(arena.gradients), try GradientNorm(layout).measure(arena))
    for clipping in [GradientClipping.norm(norm + 1), .value(1)] {
      clipping.apply(to: arena, norm: norm)
      #expect(bits(arena.gradients) == before)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func badValuesSpreadNowhere(value: Float) throws {
    let layout = try oddLayout()
    let arena = try ParameterArena(layout)
    fill(arena.gradients, layout, seed: 3)
    arena.gradient(of: try layout.entry("p3"))[16] = value
    let before = bits(arena.gradients)
    GradientClipping.norm(1).apply(to: arena, norm: try GradientNorm(layout).measure(arena))
    #expect(bits(arena.gradients) == before)
    GradientClipping.value(1).apply(to: arena, norm: .nan)
    #expect(arena.gradient(of: try layout.entry("p3"))[16].isNaN == value.isNaN)
    #expect(arena.gradients.elements.filter { !$0.isFinite }.count == (value.isNaN ? 1 : 0))
  }
}
