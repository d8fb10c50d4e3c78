import Layers

/// Makes the layers of a ResNet, stage by stage.
struct ResNetBuilder {
  private let network: ResNet
  /// Channels that come out of the layers so far.
  private var channels: Int
  private var dilation = 1

  init(_ network: ResNet) { (self.network, channels) = (network, network.width) }

  var stem: [any Layer] {
    let stem = network.stem
    let convolution = Convolution(
      "encoder.conv1", inputChannels: network.channels, outputChannels: network.width, kernel: cube(stem.kernel),
      stride: stem.stride, padding: stem.padding, needsInputGradient: false)
    let norm = BatchNormalization("encoder.bn1", channels: network.width, rectifies: true)
    return [convolution, norm] + (stem.isPooled ? [MaxPooling(window: 3, stride: 2, padding: 1)] : [])
  }

  mutating func stage(_ index: Int) -> [any Layer] {
    // As in torchvision: the first block of a dilated stage still has the dilation of the stage before.
    let before = dilation
    var stride = index == 0 ? 1 : 2
    if index > 0, network.replaceStrideWithDilation[index - 1] {
      dilation *= stride
      stride = 1
    }
    return (0..<network.blocks[index]).map { number in
      block(
        "encoder.layer\(index + 1).\(number)", planes: network.width << index, stride: number == 0 ? stride : 1,
        dilation: number == 0 ? before : dilation)
    }
  }

  private mutating func block(_ name: String, planes: Int, stride: Int, dilation: Int) -> ResidualBlock {
    let (inputs, outputs) = (channels, planes * network.block.expansion)
    channels = outputs
    let (body, last) =
      network.block == .basic
      ? (basic(name, inputs, outputs, stride), "bn2") : (bottleneck(name, inputs, planes, stride, dilation), "bn3")
    let projection: [any Layer]? =
      stride == 1 && inputs == outputs
      ? nil
      : [
        convolution(name + ".downsample.0", inputs, outputs, kernel: 1, stride: stride),
        BatchNormalization(name + ".downsample.1", channels: outputs, rectifies: false),
      ]
    return ResidualBlock(
      body: body,
      last: BatchNormalization(
        "\(name).\(last)", channels: outputs, rectifies: true, initialScale: network.zeroInitResidual ? 0 : 1),
      projection: projection)
  }

  /// All but the last norm.
  private func basic(_ name: String, _ inputs: Int, _ outputs: Int, _ stride: Int) -> [any Layer] {
    [
      convolution(name + ".conv1", inputs, outputs, kernel: 3, stride: stride),
      BatchNormalization(name + ".bn1", channels: outputs, rectifies: true),
      convolution(name + ".conv2", outputs, outputs, kernel: 3),
    ]
  }

  private func bottleneck(_ name: String, _ inputs: Int, _ planes: Int, _ stride: Int, _ dilation: Int) -> [any Layer] {
    let inner = Int(Double(planes) * Double(network.widthPerGroup) / 64) * network.groups
    return [
      convolution(name + ".conv1", inputs, inner, kernel: 1),
      BatchNormalization(name + ".bn1", channels: inner, rectifies: true),
      convolution(
        name + ".conv2", inner, inner, kernel: 3, stride: stride, dilation: dilation, groups: network.groups),
      BatchNormalization(name + ".bn2", channels: inner, rectifies: true),
      convolution(name + ".conv3", inner, planes * network.block.expansion, kernel: 1),
    ]
  }

  private func convolution(
    _ name: String, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, groups: Int = 1
  ) -> Convolution {
    Convolution(
      name, inputChannels: inputs, outputChannels: outputs, kernel: cube(kernel), stride: stride,
      padding: kernel / 2 * dilation, dilation: dilation, groups: groups)
  }

  private func cube(_ size: Int) -> [Int] { [Int](repeating: size, count: network.dimensions) }
}
