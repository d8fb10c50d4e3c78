import Layers
import TestSupport
import Testing

/// Average, adaptive and global maximum pooling, and flattening.
@Suite struct MorePoolingTests {
  private static let images = LayerCheck.images.filter { $0.plane > 1 }
  private static let volumes = LayerCheck.volumes.filter { $0.plane > 1 }

  @Test(arguments: images + volumes, [1, 4]) func averagePooling(shape: TensorShape, shards: Int) throws {
    let rank = shape.spatial.count
    for (window, stride, padding) in [([2], [2], [0]), ([3], [1], [1]), ([3, 2, 1], [2, 1, 1], [1, 0, 0])] {
      func all(_ sizes: [Int]) -> [Int] { (0..<rank).map { sizes[min($0, sizes.count - 1)] } }
      let fits = zip(shape.spatial, zip(all(window), all(padding))).allSatisfy { $0 + 2 * $1.1 >= $1.0 }
      guard fits else { continue }
      for includes in [true, false] {
        let layer =
          window.count == 1
          ? AveragePooling(
            window: window[0], stride: stride[0], padding: padding[0], countIncludesPadding: includes)
          : AveragePooling(
            window: all(window), stride: all(stride), padding: all(padding), countIncludesPadding: includes)
        try LayerCheck([layer], shape, shards: shards) { _ in
          [
            AveragePoolingOracle(
              window: all(window), stride: all(stride), padding: all(padding), countIncludesPadding: includes)
          ]
        }.run()
      }
    }
  }

  /// Extents that divide the input's, that do not, and that are larger.
  @Test(arguments: LayerCheck.images + LayerCheck.volumes, [1, 4])
  func adaptiveAveragePooling(shape: TensorShape, shards: Int) throws {
    for extents in [[1, 1, 1], [7, 2, 1], [3, 5, 6], [6, 6, 6]] {
      let extents = Array(extents.prefix(shape.spatial.count))
      try LayerCheck([AdaptiveAveragePooling(output: extents)], shape, shards: shards) { _ in
        [AdaptiveAveragePoolingOracle(extents)]
      }.run()
    }
  }

  /// Few different values, so that there are equal maxima; all negative ones; and many.
  @Test(arguments: LayerCheck.shapes, [1, 4]) func globalMaxPooling(shape: TensorShape, shards: Int) throws {
    let check = try LayerCheck([GlobalMaxPooling()], shape, shards: shards) { _ in [GlobalMaxPoolingOracle()] }
    try check.run { x in for i in x.values.indices { x.values[i].round() } }
    try check.run { x in for i in x.values.indices { x.values[i] -= 9 } }
    try check.run()
  }

  @Test(arguments: LayerCheck.shapes, [1, 4]) func flatten(shape: TensorShape, shards: Int) throws {
    try LayerCheck([Flatten()], shape, shards: shards) { _ in [FlattenOracle()] }.run()
    let (features, outputs) = (shape.channels * shape.plane, 5)
    let check = try LayerCheck(
      [ReLU(), Flatten(), Linear("l", inputs: features, outputs: outputs, bias: true)], shape, shards: shards
    ) {
      [
        ReLUOracle(), FlattenOracle(),
        LinearOracle(weight: try $0.value("l.weight"), bias: try $0.value("l.bias")),
      ]
    }
    try check.run()
  }

  @Test func inference() throws {
    for shape in LayerCheck.volumes {
      let layers: [any Layer] = [
        AdaptiveAveragePooling(output: [2, 3, 2]), AveragePooling(window: 2, stride: 1), Flatten(),
      ]
      try LayerCheck(layers, shape, shards: 1, isTraining: false) { _ in
        [
          AdaptiveAveragePoolingOracle([2, 3, 2]),
          AveragePoolingOracle(window: [2, 2, 2], stride: [1, 1, 1], padding: [0, 0, 0], countIncludesPadding: true),
          FlattenOracle(),
        ]
      }.runForward()
      try LayerCheck([GlobalMaxPooling()], shape, shards: 1, isTraining: false) { _ in
        [GlobalMaxPoolingOracle()]
      }.runForward()
    }
  }

  /// A single NaN, in sample 1, channel 1, at the last position: it is in the output, and nowhere else.
  @Test func whatIsNotANumberStays() throws {
    for shape in LayerCheck.images + LayerCheck.volumes where shape.channels > 1 {
      let adaptive = AdaptiveAveragePooling(output: shape.spatial.map { _ in 2 })
      for layer in [GlobalMaxPooling(), adaptive, Flatten()] as [any Layer] {
        let test = try TestNetwork([layer], input: shape)
        var x = Samples(shape.samples, shape.channels, shape.spatial, seed: 1)
        x[1, 1, x.plane - 1] = .nan
        let y = try test.forward(x)
        let size = y.values.count / y.samples
        let channel = size / shape.channels
        for (i, value) in y.values.enumerated() {
          if value.isNaN { #expect(i / size == 1 && i % size / channel == 1) }
        }
        #expect(y.values.contains { $0.isNaN })
      }
    }
  }

  @Test func wrongSizesAreErrors() {
    let shape = TensorShape(samples: 2, channels: 3, spatial: [4, 2], layout: .blocked(width: 16))
    for layer in [
      AveragePooling(window: 3, padding: 2), AveragePooling(window: 0), AveragePooling(window: 2, stride: 0),
      AveragePooling(window: [2, 2, 2]), AveragePooling(window: [2, 2], padding: [0, -1]),
    ] {
      expectFailure(.usage, "average pooling", "3×4×2") { _ = try TestNetwork([layer], input: shape) }
    }
    expectFailure(.usage, "too small for average pooling", "at least 3×3") {
      _ = try TestNetwork([AveragePooling(window: 3)], input: shape)
    }
    for extents in [[1], [1, 1, 1], [0, 2]] {
      expectFailure(.usage, "adaptive average pooling", "\(extents)") {
        _ = try TestNetwork([AdaptiveAveragePooling(output: extents)], input: shape)
      }
    }
  }
}
