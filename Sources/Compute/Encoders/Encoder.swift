import Diagnostics
import Layers

/// A network from samples to embeddings: the part that is kept after pre-training.
public struct Encoder {
  /// What a sample is.
  public enum Input: Sendable, Equatable {
    /// Numbers: samples of any shape, in C order.
    case rows
    /// Channels × height × width.
    case images
    /// Channels × depth × height × width.
    case volumes
  }

  /// `mlp`, `resnet18`, `resnet3d-50`.
  public let name: String
  /// Parameter names start with `encoder.`, then PyTorch's.
  public let layers: Sequential
  /// Features of an embedding.
  public let features: Int
  public let input: Input
  /// How the class in PyTorch's world holds more than `layers` does.
  public let peer: PeerState

  public init(name: String, layers: Sequential, features: Int, input: Input, peer: PeerState = PeerState()) {
    self.name = name
    self.layers = layers
    self.features = features
    self.input = input
    self.peer = peer
  }

  /// Samples of shape [F], [C, H, W] or [C, D, H, W] as this encoder takes them.
  public func inputShape(samples: Int, _ sampleShape: [Int]) throws -> TensorShape {
    if input == .rows { return TensorShape(samples: samples, channels: sampleShape.reduce(1, *)) }
    let (kind, extents) =
      input == .images
      ? ("images", "channels × height × width") : ("volumes", "channels × depth × height × width")
    guard sampleShape.count == extents.split(separator: "×").count else {
      throw Failure(
        .usage, "the encoder \(name) takes \(kind)", at: "\(option: "encoder")", expected: "samples of \(extents)",
        found: "samples of \(sampleShape.map(String.init).joined(separator: "×"))", remedy: remedy(for: sampleShape))
    }
    return TensorShape(samples: samples, channels: sampleShape[0], spatial: Array(sampleShape[1...]))
  }

  /// What makes samples of another kind fit, or the encoder.
  private func remedy(for sampleShape: [Int]) -> String {
    switch (input, sampleShape.count) {
    case (.volumes, 3) where sampleShape[0] > 1:
      "if they are volumes of one channel, save x[:, None]; for images choose \(option: "encoder") resnet18 or mlp"
    case (_, 1):
      "choose \(option: "encoder") mlp; or, if the rows are \(input == .images ? "images" : "volumes"), save them in their "
        + "shape: x.reshape(len(x), \(input == .images ? "C, H, W" : "C, D, H, W"))"
    case (.volumes, _): "choose \(option: "encoder") resnet18 or another for images, or mlp"
    default: "choose \(option: "encoder") resnet3d-18 or another for volumes, or mlp"
    }
  }

  /// No layers: samples as they are, as rows of numbers. The baseline of evaluations.
  public static func identity(sampleShape: [Int]) -> Encoder {
    Encoder(name: "identity", layers: Sequential([]), features: sampleShape.reduce(1, *), input: .rows)
  }
}

/// What the `state_dict` of an encoder's class in torchvision or nidl has beyond the encoder's own tensors, so that a
/// file can be read with `strict=True`.
public struct PeerState: Sendable {
  /// Tensors that the class holds under a second name: names that start with `name` also exist with `alias` instead.
  public var aliases: [(name: String, alias: String)] = []
  /// Layers that the class has but does not use.
  public var unusedParameters: [ParameterSpec] = []
  public var unusedBuffers: [ParameterSpec] = []

  public init() {}
}
