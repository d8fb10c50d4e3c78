import CommandLine
import Diagnostics
import Layers

extension Encoder {
  /// nidl's 3-D AlexNet (Abrol et al. 2021, https://doi.org/10.5281/zenodo.4309677) with its last linear layer.
  ///
  /// Names count all modules as nidl's `features` does. Volumes have at least 27 voxels in each direction.
  public static func alexNet3D(channels: Int, embedding: Int = 128) -> Encoder {
    var layers: [any Layer] = []
    var (inputs, module) = (channels, 0)
    func append(_ outputs: Int, kernel: Int, stride: Int = 1, padding: Int, isPooled: Bool) {
      layers += [
        Convolution(
          "encoder.features.\(module)", inputChannels: inputs, outputChannels: outputs,
          kernel: [kernel, kernel, kernel], stride: stride, padding: padding, bias: true, initialization: .uniform,
          needsInputGradient: module > 0),
        BatchNormalization("encoder.features.\(module + 1)", channels: outputs, rectifies: true),
      ]
      if isPooled { layers.append(MaxPooling(window: 3, stride: 3, padding: 0)) }
      module += isPooled ? 4 : 3
      inputs = outputs
    }
    append(64, kernel: 5, stride: 2, padding: 0, isPooled: true)
    append(128, kernel: 3, padding: 0, isPooled: true)
    append(192, kernel: 3, padding: 1, isPooled: false)
    append(192, kernel: 3, padding: 1, isPooled: false)
    append(128, kernel: 3, padding: 1, isPooled: false)
    layers += [
      GlobalMaxPooling(), Linear("encoder.regressor", inputs: inputs, outputs: embedding, bias: true),
    ]
    return Encoder(name: "alexnet3d", layers: Sequential(layers), features: embedding, input: .volumes)
  }
}

extension EncoderKind {
  public static let alexnet3d = EncoderKind(
    "alexnet3d", keywords: [.integer("in_channels", 1...NumberLimit.size)], options: ["n-embedding"],
    usualShape: { _ in [1, 64, 64, 64] },
    make: { options, sampleShape in
      .alexNet3D(channels: sampleShape[0], embedding: options.nEmbedding ?? 128)
    })
}
