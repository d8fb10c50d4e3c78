import Optimization
import Tensors
import TestSupport
import Testing

@Suite(.serialized) struct GradientNormTests {
  private let layout: ParameterLayout
  private let arena: ParameterArena

  init() throws {
    layout = try oddLayout()
    arena = try ParameterArena(layout)
    fill(arena.gradients, layout, seed: 3)
  }

  private var slow: Double { arena.gradients.elements.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }

  @Test func agreesWithASlowSum() throws {
    #expect(abs(try GradientNorm(layout).measure(arena) / slow - 1) < 1e-13)
  }

  @Test func threadsChangeNoBit() throws {
    let threads = ThreadPool.threads
    defer { ThreadPool.configure(threads: threads) }
    let norms = try [1, 2, 3].map { count in
      ThreadPool.configure(threads: count)
      return try GradientNorm(layout).measure(arena).bitPattern
    }
    #expect(Set(norms).count == 1)
  }

  @Test func largeGradientsDoNotOverflow() throws {
    for entry in layout.entries { for i in entry.range { arena.gradients.pointer[i] = 3e38 } }
    #expect(try GradientNorm(layout).measure(arena).isFinite)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity]) func badValuesAreSeen(value: Float) throws {
    arena.gradient(of: try layout.entry("p3"))[16] = value
    #expect(try !GradientNorm(layout).measure(arena).isFinite)
  }

  @Test func noParametersHaveNoNorm() throws { #expect(try GradientNorm(ParameterLayout()).measure(arena) == 0) }
}
