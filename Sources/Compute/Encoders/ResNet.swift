import Diagnostics
import Layers

/// A residual network (He et al. 2016, https://arxiv.org/abs/1512.03385) with the parameters of torchvision's 2-D and
/// nidl's 3-D classes.
public struct ResNet: Sendable {
  /// What the stages are made of.
  public enum Block: Sendable {
    /// Two 3×3 convolutions.
    case basic
    /// 1×1, 3×3 with the stride, and 1×1 to four times the channels (torchvision's "v1.5").
    case bottleneck

    var expansion: Int { self == .basic ? 1 : 4 }
  }

  public let name: String
  public let block: Block
  /// Blocks of each of the four stages.
  public let blocks: [Int]
  /// 2 or 3.
  public let dimensions: Int
  /// Of the images or volumes.
  public var channels: Int
  /// Channels of the first stage; 64 in torchvision and nidl. Later stages have 2, 4 and 8 times as many.
  public var width = 64
  public var stem = Stem.imagenet
  /// Whether the last norm of each block starts at 0, so that each block starts as the identity.
  public var zeroInitResidual = false
  /// Of a bottleneck's 3×3 convolution.
  public var groups = 1
  /// Channels of a group of a bottleneck's 3×3 convolution, as a multiple of 64.
  public var widthPerGroup = 64
  /// For stages 2, 3 and 4: dilation in place of stride 2.
  public var replaceStrideWithDilation = [false, false, false]
  /// The size of nidl's last linear layer; nil: none.
  public var embedding: Int?
  /// nidl's truncated networks: the stages that are kept, and no linear layer. nil: all.
  public var depth: Int?

  /// - Throws: a usage failure for parameters that torchvision and nidl refuse too.
  public func encoder() throws -> Encoder {
    try validate()
    var builder = ResNetBuilder(self)
    let stages = (0..<4).map { builder.stage($0) }
    let kept = depth ?? 4
    var layers = builder.stem + stages.prefix(kept).joined() + [GlobalAveragePooling()]
    var features = kept == 0 ? width : (width << (kept - 1)) * block.expansion
    var peer = PeerState()
    if let embedding {
      // nidl: normal, deviation 0.01; bias 0.
      let linear = Linear(
        "encoder.embedding", inputs: (width << 3) * block.expansion, outputs: embedding, bias: true,
        weightInitialization: .normal(deviation: 0.01), biasInitialization: .constant(0))
      if depth == nil {
        layers.append(linear)
        features = embedding
      } else {
        let unused = stages.suffix(4 - kept).joined() + [linear]
        peer.unusedParameters = unused.flatMap(\.parameters)
        peer.unusedBuffers = unused.flatMap(\.buffers)
      }
    }
    if depth != nil {
      peer.aliases = [("conv1.", "first_conv.0."), ("bn1.", "first_conv.1.")]
      for stage in 0..<kept { peer.aliases.append(("layer\(stage + 1).", "layers.\(stage).")) }
    }
    return Encoder(
      name: name, layers: Sequential(layers), features: features, input: dimensions == 2 ? .images : .volumes,
      peer: peer)
  }

  private func validate() throws {
    guard block == .basic else { return }
    guard groups == 1, widthPerGroup == 64 else {
      throw Failure(
        .usage, "basic blocks have no groups", at: "\(option: "encoder-kwargs")",
        expected: "groups 1 and width_per_group 64 with \(name)",
        found: "groups \(groups), width_per_group \(widthPerGroup)", remedy: "choose a ResNet-50")
    }
    guard !replaceStrideWithDilation.contains(true) else {
      throw Failure(
        .usage, "basic blocks have no dilation", at: "\(option: "encoder-kwargs")",
        expected: "replace_stride_with_dilation all false with \(name)",
        found: "\(replaceStrideWithDilation)", remedy: "choose a ResNet-50")
    }
  }
}

extension ResNet {
  /// How a ResNet begins: a convolution, batch norm, ReLU, and 3×3 max pooling of stride 2.
  public struct Stem: Sendable, Equatable {
    public var kernel: Int
    public var stride: Int
    public var padding: Int
    public var isPooled: Bool

    /// 7×7, stride 2 (torchvision, nidl).
    public static let imagenet = Stem(kernel: 7, stride: 2, padding: 3, isPooled: true)
    /// 3×3, stride 1, no pooling: the usual form for images of 32×32.
    public static let small = Stem(kernel: 3, stride: 1, padding: 1, isPooled: false)
    /// nidl's rule: sizes other than 7 have stride 1.
    public static func volume(kernel: Int) -> Stem {
      let stride = kernel == 7 ? 2 : 1
      return Stem(kernel: kernel, stride: stride, padding: (kernel - stride + 1) / 2, isPooled: true)
    }
  }

  /// torchvision's, without `fc`.
  public static func resnet18(channels: Int, width: Int = 64, stem: Stem = .imagenet) -> ResNet {
    image("resnet18", .basic, [2, 2, 2, 2], channels, width, stem)
  }

  /// torchvision's, without `fc`.
  public static func resnet34(channels: Int, width: Int = 64, stem: Stem = .imagenet) -> ResNet {
    image("resnet34", .basic, [3, 4, 6, 3], channels, width, stem)
  }

  /// torchvision's, without `fc`.
  public static func resnet50(channels: Int, width: Int = 64, stem: Stem = .imagenet) -> ResNet {
    image("resnet50", .bottleneck, [3, 4, 6, 3], channels, width, stem)
  }

  private static func image(
    _ name: String, _ block: Block, _ blocks: [Int], _ channels: Int, _ width: Int, _ stem: Stem
  ) -> ResNet {
    ResNet(name: name, block: block, blocks: blocks, dimensions: 2, channels: channels, width: width, stem: stem)
  }

  /// nidl's, with its last linear layer.
  public static func resnet3D18(channels: Int, width: Int = 64, embedding: Int = 512) -> ResNet {
    ResNet(
      name: "resnet3d-18", block: .basic, blocks: [2, 2, 2, 2], dimensions: 3, channels: channels, width: width,
      embedding: embedding)
  }

  /// nidl's, with its last linear layer.
  public static func resnet3D50(channels: Int, width: Int = 64, embedding: Int = 512) -> ResNet {
    ResNet(
      name: "resnet3d-50", block: .bottleneck, blocks: [3, 4, 6, 3], dimensions: 3, channels: channels, width: width,
      embedding: embedding)
  }

  /// nidl's truncated network: the first `depth` stages. nidl's gives the last stage's feature map; here its mean over
  /// all positions is the embedding.
  public func truncated(depth: Int) -> ResNet {
    var copy = self
    copy.depth = depth
    return copy
  }
}
