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
}
