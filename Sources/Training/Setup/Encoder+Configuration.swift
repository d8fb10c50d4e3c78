import Configuration
import Diagnostics
import Encoders

extension Encoder {
  /// The encoder that a configuration describes, for samples of this shape.
  public init(_ configuration: TrainingConfiguration, sampleShape: [Int]) throws {
    switch configuration.encoder {
    case .mlp: self = .mlp(inputs: sampleShape.reduce(1, *), hidden: configuration.mlpHidden)
    case .layers: self = try .described(configuration.layers ?? [], sampleShape: sampleShape)
    case .resnet18:
      self = .resnet18(
        channels: sampleShape[0], width: configuration.width, stem: configuration.stem == .small ? .small : .imagenet)
    }
    if let given = configuration.projInputDim, given != features {
      throw Failure(
        .usage, "the projector's input is not the encoder's output", at: "--proj-input-dim",
        expected: "\(features), the features of \(name)", found: "\(given)", remedy: "leave --proj-input-dim out")
    }
  }
}
