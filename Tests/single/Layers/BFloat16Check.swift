import Layers
import Tensors
import TestSupport
import Testing

/// Tests in bf16 need oneDNN's kernels for it, native or emulated.
let bfloat16IsThere = ConditionTrait.enabled(
  if: BFloat16Support.current != .none, "oneDNN has no bf16 for processors without AVX-512")

/// The largest relative error of rounding to bf16 once, and what sums in float32 add to it.
let bfloat16Rounding = 0x1p-8

/// Layers that compute in bf16, and oracles of them in double precision, over numbers that bf16 holds exactly: inputs,
/// weights and the gradients that come in. What is left is the rounding of each tensor that goes out.
struct BFloat16Check {
  let test: TestNetwork
  private let oracles: [any LayerOracle]
  private let shape: TensorShape

  /// - Parameter oracles: made from the planned network, whose parameters they take over.
  init(
    _ layers: [any Layer], _ shape: TensorShape, shards: Int = 1, oracles: (TestNetwork) throws -> [any LayerOracle]
  ) throws {
    self.shape = shape
    test = try TestNetwork(layers, input: shape, shards: shards, element: .bfloat16)
    for entry in test.state.parameters.layout.entries where entry.shape.count > 1 {
      let values = test.state.parameters.pointer(of: entry)
      for i in 0..<entry.count { values[i] = BFloat16(values[i]).float }
    }
    self.oracles = try oracles(test)
  }

  /// Compares output and input gradient for two batches.
  ///
  /// - Parameter tolerances: relative to the tensor, of the output and of the input's gradient.
  func run(_ tolerances: (output: Double, gradient: Double) = (bfloat16Rounding, bfloat16Rounding)) throws {
    for seed in [1, 2] as [UInt64] {
      let x = Samples(shape.samples, shape.channels, shape.spatial, seed: seed).asBFloat16
      let (y, expected) = (try test.forward(x), oracles.reduce(x) { $1.forward($0) })
      #expect(y.channels == expected.channels && y.spatial == expected.spatial)
      #expect(distance(y.values, from: expected.values) <= tolerances.output)
      let dy = Samples(x.samples, y.channels, y.spatial, seed: seed + 10).asBFloat16
      let gradient = oracles.reversed().reduce(dy) { $1.backward($0) }
      if let dx = try test.backward(dy) {
        #expect(distance(dx.values, from: gradient.values) <= tolerances.gradient)
      }
      #expect(test.paddingStaysZero)
    }
  }

  /// Parameters' gradients are float32.
  func expectGradient(_ name: String, _ expected: [Double]) throws {
    #expect(distance(try test.gradient(name), from: expected) < 1e-5, "\(name)")
  }
}

extension Samples {
  var asBFloat16: Samples {
    var copy = self
    copy.values = values.map { Double(BFloat16(Float($0)).float) }
    return copy
  }
}
