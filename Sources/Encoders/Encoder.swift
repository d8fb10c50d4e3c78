import Diagnostics
import Layers

/// A network from samples to embeddings: the part that is kept after pre-training.
public struct Encoder {
  /// `mlp`, `resnet18`.
  public let name: String
  /// Parameter names start with `encoder.`, then PyTorch's.
  public let layers: Sequential
  /// Features of an embedding.
  public let features: Int
  /// Whether samples go in as images (channels × height × width) or as rows of numbers.
  public let takesImages: Bool

  public init(name: String, layers: Sequential, features: Int, takesImages: Bool) {
    (self.name, self.layers, self.features, self.takesImages) = (name, layers, features, takesImages)
  }

  /// Samples of shape [F], [C, H, W] or [C, D, H, W] as this encoder takes them.
  public func inputShape(samples: Int, _ sampleShape: [Int]) throws -> TensorShape {
    guard takesImages else { return TensorShape(samples: samples, channels: sampleShape.reduce(1, *)) }
    guard sampleShape.count == 3 || (sampleShape.count == 4 && name == "layers") else {
      throw Failure(
        .usage, "the encoder \(name) takes images", at: "--encoder", expected: "samples of channels × height × width",
        found: "samples of \(sampleShape.map(String.init).joined(separator: "×"))", remedy: "choose --encoder mlp")
    }
    return TensorShape(samples: samples, channels: sampleShape[0], spatial: Array(sampleShape[1...]))
  }

  /// No layers: samples as they are, as rows of numbers. The baseline of evaluations.
  public static func identity(sampleShape: [Int]) -> Encoder {
    Encoder(name: "identity", layers: Sequential([]), features: sampleShape.reduce(1, *), takesImages: false)
  }
}
