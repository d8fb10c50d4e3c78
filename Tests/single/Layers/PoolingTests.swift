import Layers
import TestSupport
import Testing

@Suite struct PoolingTests {
  private static let shapes: [TensorShape] = [
    TensorShape(samples: 8, channels: 16, spatial: [7, 6], layout: .blocked(width: 16)),
    TensorShape(samples: 8, channels: 20, spatial: [5, 8], layout: .blocked(width: 16)),
    TensorShape(samples: 8, channels: 3, spatial: [4, 4], layout: .blocked(width: 8)),
    TensorShape(samples: 8, channels: 3, spatial: [9, 5]),
  ]

  private func check(
    _ layer: any Layer, _ oracle: any LayerOracle, _ shape: TensorShape, shards: Int, offset: Double = 0
  ) throws {
    let test = try TestNetwork([layer], input: shape, shards: shards)
    for seed in [1, 2] as [UInt64] {
      var x = Samples(shape.samples, shape.channels, shape.spatial, seed: seed)
      for i in x.values.indices { x.values[i] = Double(Float(x.values[i] + offset)) }
      let (y, expected) = (try test.forward(x), oracle.forward(x))
      #expect(y.spatial == expected.spatial && distance(y.values, from: expected.values) < 1e-6)
      let dy = Samples(y.samples, y.channels, y.spatial, seed: seed + 10)
      let dx = try #require(try test.backward(dy))
      #expect(distance(dx.values, from: oracle.backward(dy).values) < 1e-6)
      #expect(test.paddingStaysZero)
    }
  }

  /// With an offset of −9 all values are negative: the padding must not win.
  @Test(arguments: shapes, [1, 2, 4]) func maxPooling(shape: TensorShape, shards: Int) throws {
    for (window, stride, padding) in [(3, 2, 1), (2, 2, 0), (3, 1, 1)] {
      for offset in [0.0, -9] {
        try check(
          MaxPooling(window: window, stride: stride, padding: padding),
          MaxPoolingOracle(window: window, stride: stride, padding: padding), shape, shards: shards, offset: offset)
      }
    }
  }

  /// Three directions, windows of odd forms, and one sample of each view per shard.
  @Test(arguments: [1, 2, 4]) func maxPoolingWithSizesForEachDirection(shards: Int) throws {
    for (channels, spatial, window, stride, padding) in [
      (17, [7, 13], [3, 2], [1, 2], [0, 1]), (3, [1, 7], [1, 3], [1, 3], [0, 1]),
      (1, [2, 1], [2, 1], [1, 1], [1, 0]),
      (1, [7, 2, 13], [3, 2, 4], [2, 1, 3], [1, 0, 2]), (17, [7, 7, 7], [3, 3, 3], [2, 2, 2], [1, 1, 1]),
      (3, [13, 1, 1], [2, 1, 1], [2, 1, 1], [0, 0, 0]),
    ] {
      for layout in [TensorShape.Layout.plain, .blocked(width: 8), .blocked(width: 16)] {
        try check(
          MaxPooling(window: window, stride: stride, padding: padding),
          MaxPoolingOracle(window: window, stride: stride, padding: padding),
          TensorShape(samples: 2 * shards, channels: channels, spatial: spatial, layout: layout), shards: shards)
      }
    }
  }

  @Test func impossibleSizesAreErrors() {
    for (window, stride, padding) in [
      ([0, 2], [1, 1], [0, 0]), ([2, 2], [0, 1], [0, 0]), ([2, 2], [1, 1], [2, 0]), ([2, 2], [1, 1], [-1, 0]),
      ([2, 2, 2], [1, 1], [0, 0]), ([2, 2], [1, Int.max], [0, 0]), ([], [1], [0]), ([Int.max], [1], [Int.max / 2]),
    ] {
      expectFailure(.usage, "max pooling make no sense", "stride \(stride)") {
        _ = try TestNetwork(
          [MaxPooling(window: window, stride: stride, padding: padding)],
          input: TensorShape(samples: 2, channels: 3, spatial: [9, 9]))
      }
    }
  }

  @Test func maxPoolingInInference() throws {
    let shape = Self.shapes[1]
    let test = try TestNetwork([MaxPooling(window: 3, stride: 2, padding: 1)], input: shape, isTraining: false)
    let x = Samples(shape.samples, shape.channels, shape.spatial, seed: 3)
    let expected = MaxPoolingOracle(window: 3, stride: 2, padding: 1).forward(x)
    #expect(try test.forward(x).values == expected.values)
  }

  @Test func imagesThatAreTooSmallAreErrors() {
    expectFailure(.usage, "max pooling", "3×1×9") {
      _ = try TestNetwork(
        [MaxPooling(window: 2, stride: 2, padding: 0)], input: TensorShape(samples: 2, channels: 3, spatial: [1, 9]))
    }
  }

  @Test(arguments: shapes, [1, 2, 4]) func globalAveragePooling(shape: TensorShape, shards: Int) throws {
    try check(GlobalAveragePooling(), GlobalAveragePoolingOracle(), shape, shards: shards)
  }

  @Test(arguments: shapes, [1, 2, 4]) func relu(shape: TensorShape, shards: Int) throws {
    try check(ReLU(), ReLUOracle(), shape, shards: shards)
  }
}
