import Layers
import TestSupport
import Testing

/// Layers and the oracles that they are compared with, over a whole batch in training.
struct LayerCheck {
  let test: TestNetwork
  let oracles: [any LayerOracle]
  let shape: TensorShape

  /// - Parameter oracles: made from the planned network, whose parameters they take over.
  init(
    _ layers: [any Layer], _ shape: TensorShape, shards: Int, isTraining: Bool = true,
    oracles: (TestNetwork) throws -> [any LayerOracle]
  ) throws {
    self.shape = shape
    test = try TestNetwork(layers, input: shape, shards: shards, isTraining: isTraining)
    self.oracles = try oracles(test)
  }

  /// Compares output and input gradient for two batches.
  func run(tolerance: Double = 1e-6, prepare: (inout Samples) -> Void = { _ in }) throws {
    for seed in [1, 2] as [UInt64] {
      let (x, y) = try forward(seed, tolerance, prepare)
      let dy = Samples(x.samples, y.channels, y.spatial, seed: seed + 10)
      let expected = oracles.reversed().reduce(dy) { $1.backward($0) }
      if let dx = try test.backward(dy) { #expect(distance(dx.values, from: expected.values) < tolerance) }
      #expect(test.paddingStaysZero)
    }
  }

  /// Compares the output alone, twice.
  func runForward(tolerance: Double = 1e-6) throws {
    for seed in [1, 2] as [UInt64] { _ = try forward(seed, tolerance) { _ in } }
  }

  private func forward(
    _ seed: UInt64, _ tolerance: Double, _ prepare: (inout Samples) -> Void
  ) throws -> (Samples, Samples) {
    var x = Samples(shape.samples, shape.channels, shape.spatial, seed: seed)
    prepare(&x)
    let (y, expected) = (try test.forward(x), oracles.reduce(x) { $1.forward($0) })
    #expect(y.channels == expected.channels && y.spatial == expected.spatial)
    #expect(distance(y.values, from: expected.values) < tolerance)
    return (x, y)
  }

  func expectGradient(_ name: String, _ expected: [Double], tolerance: Double = 1e-5) throws {
    let found = distance(try test.gradient(name), from: expected)
    #expect(found < tolerance, "\(name)")
  }

  /// Rows, images and volumes with odd numbers of channels and odd extents, in all layouts: eight samples.
  static let shapes: [TensorShape] =
    [1, 3, 17].map { TensorShape(samples: 8, channels: $0) } + images + volumes

  static let images: [TensorShape] = [(1, [7, 13]), (3, [1, 2]), (17, [13, 7]), (17, [1, 1])].flatMap {
    channels, spatial in
    [TensorShape.Layout.plain, .blocked(width: 8), .blocked(width: 16)].map {
      TensorShape(samples: 8, channels: channels, spatial: spatial, layout: $0)
    }
  }

  static let volumes: [TensorShape] = [(1, [7, 2, 13]), (17, [2, 7, 1]), (3, [1, 1, 1])].flatMap {
    channels, spatial in
    [TensorShape.Layout.plain, .blocked(width: 8), .blocked(width: 16)].map {
      TensorShape(samples: 8, channels: channels, spatial: spatial, layout: $0)
    }
  }
}

/// All positions of a tensor with these extents, in C order.
func positions(_ spatial: [Int]) -> [[Int]] {
  spatial.reduce([[]]) { places, extent in places.flatMap { place in (0..<extent).map { place + [$0] } } }
}

/// The number of a position in C order.
func place(_ position: [Int], in spatial: [Int]) -> Int { zip(position, spatial).reduce(0) { $0 * $1.1 + $1.0 } }
