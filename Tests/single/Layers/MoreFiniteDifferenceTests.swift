import Layers
import Testing

/// Dropout, the other poolings, flattening and dense blocks against central differences.
@Suite struct MoreFiniteDifferenceTests {
  private func blocked(_ channels: Int, _ extents: [Int]) -> TensorShape {
    TensorShape(samples: 4, channels: channels, spatial: extents, layout: channelBlocks)
  }

  @Test(arguments: FiniteDifferenceTests.channels, FiniteDifferenceTests.extents)
  func layersWithoutParameters(channels: Int, extents: [Int]) throws {
    let window = extents.map { min($0, 3) }
    let layers: [any Layer] = [
      Dropout("d", probability: 0.3), GlobalMaxPooling(), Flatten(),
      AveragePooling(window: window, stride: window.map { _ in 2 }, padding: window.map { $0 / 2 }),
      AveragePooling(window: window, stride: window.map { _ in 1 }, countIncludesPadding: false),
      AdaptiveAveragePooling(output: extents.map { max(1, $0 - 2) }),
    ]
    for layer in layers { try expectGradients(of: [layer], input: blocked(channels, extents)) }
  }

  @Test(arguments: FiniteDifferenceTests.channels, [[7, 13], [7, 2, 7]])
  func denseBlocks(channels: Int, extents: [Int]) throws {
    let kernel = extents.map { _ in 3 }
    // Each at some number of channels.
    for growth in [channels == 17 ? 4 : 5] {
      let bodies: [[any Layer]] = (0..<2).map { i in
        [
          BatchNormalization("\(i).norm", channels: channels + i * growth, rectifies: true),
          Convolution(
            "\(i).conv", inputChannels: channels + i * growth, outputChannels: growth, kernel: kernel, padding: 1),
          Dropout("\(i).drop", probability: 0.2),
        ]
      }
      try expectGradients(
        of: [DenseBlock(bodies), ReLU(), AveragePooling(window: 2)], input: blocked(channels, extents), normShift: 4)
    }
  }
}
