import Configuration
import Datasets
import Encoders
import TestSupport
import Testing

/// Which shapes look as if their first axis were not their channels.
@Suite(.commandLine) struct ChannelOrderTests {
  @Test(arguments: [
    [32, 32, 3], [28, 28, 1], [224, 224, 4], [8, 8, 3], [480, 640, 3], [91, 109, 91, 1], [64, 64, 64, 2],
  ])
  func channelsAfterTheExtentsAreLast(shape: [Int]) { #expect(ChannelOrder(suspectedIn: shape) == .last) }

  @Test(arguments: [[32, 32, 32], [121, 145, 121], [182, 218, 182], [8, 8, 8], [96, 112, 96]])
  func threeExtentsWithoutChannelsAreMissingThem(shape: [Int]) {
    #expect(ChannelOrder(suspectedIn: shape) == .missing)
  }

  /// Tables, grey and colour images, few channels, hyperspectral patches, maps of features, volumes.
  @Test(
    arguments: [
      [3], [784], [1, 28, 28], [3, 32, 32], [4, 224, 224], [3, 4, 4], [1, 8, 3], [2, 9, 8], [7, 7, 7], [13, 64, 64],
      [12, 120, 120], [200, 11, 11], [103, 9, 9], [512, 7, 7], [64, 32, 32], [256, 4, 4], [22, 1, 500],
      [1, 121, 145, 121], [2, 64, 64, 64], [3, 16, 112, 112], [3, 8, 8, 1],
    ])
  func otherShapesPass(shape: [Int]) { #expect(ChannelOrder(suspectedIn: shape) == nil) }

  @Test func theConfigurationSaysThatItIsMeant() throws {
    var options = TrainingConfiguration()
    expectFailure(.usage, "channels came last", "32×32×3", "numpy.moveaxis(x, -1, 1)", "--channel-axis first if 32") {
      try options.requireChannelsFirst([32, 32, 3], seenAs: .images, by: "resnet18")
    }
    expectFailure(.usage, "without a channel axis", "x[:, None]", "resnet3d-18", "--channel-axis first if 20") {
      try options.requireChannelsFirst([20, 24, 20], seenAs: .images, by: "resnet18")
    }
    // Rows of numbers have no channels.
    try options.requireChannelsFirst([32, 32, 3], seenAs: .rows, by: "mlp")
    options.channelAxis = .first
    try options.requireChannelsFirst([32, 32, 3], seenAs: .images, by: "resnet18")
    try options.requireChannelsFirst([20, 24, 20], seenAs: .images, by: "resnet18")
  }
}
