import Layers

/// How a ResNet begins.
public enum ResNetStem: Sendable {
  /// 7×7 convolution of stride 2, then 3×3 max pooling of stride 2 (torchvision).
  case imagenet
  /// 3×3 convolution of stride 1, no pooling (the usual form for images of 32×32).
  case small
}

extension Encoder {
  /// ResNet-18 (He et al. 2016) as in torchvision, without `fc`: basic blocks 2, 2, 2, 2.
  ///
  /// - Parameter channels: of the images.
  /// - Parameter width: channels of the first stage; 64 in torchvision. The embedding has 8 · width features.
  public static func resnet18(channels: Int, width: Int = 64, stem: ResNetStem = .imagenet) -> Encoder {
    let size = stem == .imagenet ? 7 : 3
    var layers: [any Layer] = [
      Convolution(
        "encoder.conv1", inputChannels: channels, outputChannels: width, kernel: [size, size],
        stride: stem == .imagenet ? 2 : 1, padding: size / 2, needsInputGradient: false),
      BatchNormalization("encoder.bn1", channels: width, rectifies: true),
    ]
    if stem == .imagenet { layers.append(MaxPooling(window: 3, stride: 2, padding: 1)) }
    var inputs = width
    for (stage, blocks) in [2, 2, 2, 2].enumerated() {
      let outputs = width << stage
      for block in 0..<blocks {
        layers.append(
          basicBlock(
            "encoder.layer\(stage + 1).\(block)", inputs: inputs, outputs: outputs,
            stride: stage > 0 && block == 0 ? 2 : 1))
        inputs = outputs
      }
    }
    layers.append(GlobalAveragePooling())
    return Encoder(name: "resnet18", layers: Sequential(layers), features: inputs, takesImages: true)
  }

  private static func basicBlock(_ name: String, inputs: Int, outputs: Int, stride: Int) -> ResidualBlock {
    func convolution(_ part: String, _ inputs: Int, kernel: Int, stride: Int) -> Convolution {
      Convolution(
        "\(name).\(part)", inputChannels: inputs, outputChannels: outputs, kernel: [kernel, kernel], stride: stride,
        padding: kernel / 2)
    }
    let body: [any Layer] = [
      convolution("conv1", inputs, kernel: 3, stride: stride),
      BatchNormalization("\(name).bn1", channels: outputs, rectifies: true),
      convolution("conv2", outputs, kernel: 3, stride: 1),
    ]
    let projection: [any Layer]? =
      stride == 1 && inputs == outputs
      ? nil
      : [
        convolution("downsample.0", inputs, kernel: 1, stride: stride),
        BatchNormalization("\(name).downsample.1", channels: outputs, rectifies: false),
      ]
    return ResidualBlock(
      body: body, last: BatchNormalization("\(name).bn2", channels: outputs, rectifies: true), projection: projection)
  }
}
