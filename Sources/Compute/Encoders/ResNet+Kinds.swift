import CommandLine
import Diagnostics

/// How a 2-D ResNet begins, by name.
public enum ImageStem: String, Sendable, CaseIterable {
  /// 7×7, stride 2, with pooling.
  case imagenet
  /// 3×3, stride 1, without pooling.
  case small
}

extension EncoderKind {
  public static let resnet18 = image("resnet18") { .resnet18(channels: $0) }
  public static let resnet34 = image("resnet34") { .resnet34(channels: $0) }
  public static let resnet50 = image("resnet50") { .resnet50(channels: $0) }
  public static let resnet3d18 = volume("resnet3d-18") { .resnet3D18(channels: $0) }
  public static let resnet3d50 = volume("resnet3d-50") { .resnet3D50(channels: $0) }
  public static let resnet3d18Truncated = truncated("resnet3d-18-trunc") { .resnet3D18(channels: $0) }
  public static let resnet3d50Truncated = truncated("resnet3d-50-trunc") { .resnet3D50(channels: $0) }

  private typealias Network = @Sendable (_ channels: Int) -> ResNet

  private static let residual: [KeywordArgument] = [
    .flag("zero_init_residual"), .integer("groups", 1...NumberLimit.size),
    .integer("width_per_group", 1...NumberLimit.size),
    .flags("replace_stride_with_dilation", count: 3),
  ]
  private static let residual3D =
    residual + [.integer("initial_kernel_size", 1...1024), .integer("in_channels", 1...NumberLimit.size)]
  private static let options3D: Set<String> = ["width", "n-embedding"]

  private static func image(_ name: String, _ network: @escaping Network) -> EncoderKind {
    EncoderKind(
      name, keywords: residual, options: ["stem", "width"],
      usualShape: { $0.stem == .small ? [3, 32, 32] : [3, 224, 224] },
      make: { options, sampleShape in
        var network = options.applied(to: network(sampleShape[0]))
        network.stem = options.stem == .small ? .small : .imagenet
        return try network.encoder()
      })
  }

  private static func volume(_ name: String, _ network: @escaping Network) -> EncoderKind {
    EncoderKind(
      name, keywords: residual3D, options: options3D, usualShape: { _ in [1, 64, 64, 64] },
      make: {
        options, sampleShape in
        try options.volume(network(sampleShape[0])).encoder()
      })
  }

  /// nidl's truncated networks: the first `depth` stages.
  private static func truncated(_ name: String, _ network: @escaping Network) -> EncoderKind {
    EncoderKind(
      name, keywords: [.integer("depth", 0...4)] + residual3D, options: options3D,
      usualShape: { _ in [1, 64, 64, 64] }, hasPeerState: true,
      check: { (options, location) throws(Failure) in
        guard options.keywords["depth"] == nil else { return }
        throw Failure(
          .usage, "\(name) needs a depth", at: location,
          expected: "the number of stages that are kept, from 0 to 4",
          remedy: #"for example \#(option: "encoder-kwargs") '{"depth": 2}'"#)
      },
      make: { options, sampleShape in
        var network = options.volume(network(sampleShape[0]))
        network.depth = options.integer("depth")
        return try network.encoder()
      })
  }
}

/// Absent keywords keep the defaults of torchvision and nidl.
extension EncoderOptions {
  fileprivate func volume(_ network: ResNet) -> ResNet {
    var network = applied(to: network)
    network.embedding = nEmbedding ?? network.embedding
    network.stem = .volume(kernel: integer("initial_kernel_size") ?? 7)
    return network
  }

  fileprivate func applied(to network: ResNet) -> ResNet {
    var network = network
    network.width = width
    network.zeroInitResidual = flag("zero_init_residual") ?? false
    network.groups = integer("groups") ?? 1
    network.widthPerGroup = integer("width_per_group") ?? 64
    if case .flags(let stages)? = keywords["replace_stride_with_dilation"] {
      network.replaceStrideWithDilation = stages
    }
    return network
  }
}
