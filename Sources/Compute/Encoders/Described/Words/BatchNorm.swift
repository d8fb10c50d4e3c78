import Layers

extension LayerSpecification {
  /// Normalises each channel by its mean and variance over the whole batch: `BatchNorm1d/2d/3d`.
  package struct BatchNorm: BareLayerWord {
    package static let name = "batch_norm"
    package static let synonyms = ["norm", "bn", "batchnorm", "batchnormd", "normalization", "batchnormalization"]

    package init() {}

    package func build(_ builder: inout LayerBuilder) {
      builder.blockChannels()
      builder.append(
        BatchNormalization(builder.name, channels: builder.shape.channels, rectifies: builder.takeReLU()))
    }
  }

  /// `BatchNorm1d/2d/3d`.
  public static let batchNorm = LayerSpecification(BatchNorm())
}
