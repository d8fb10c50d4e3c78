import Diagnostics
import JSON
import Layers

extension LayerSpecification {
  /// Weighted sums over windows of the images, for each output channel: `Conv2d`, `Conv3d`.
  public struct Convolution: Sendable, Equatable, LayerWord {
    package static let name = "convolution"
    package static let keys = ["kernel_size", "stride", "padding", "dilation", "groups", "bias"]
    package static let example = "{convolution: 32, kernel_size: 3}"
    package static let synonyms = ["conv", "convd"]
    package static let keySynonyms = [
      "kernel": "kernel_size", "size": "kernel_size", "k": "kernel_size", "strides": "stride", "pad": "padding",
      "use_bias": "bias",
    ]

    /// Output channels.
    public var channels: Int
    public var kernelSize: AxisSizes
    public var stride: AxisSizes
    package var padding: LayerPadding
    public var dilation: AxisSizes
    public var groups: Int
    public var bias: Bool

    package init(
      _ channels: Int, kernelSize: AxisSizes, stride: AxisSizes = 1, padding: LayerPadding = 0, dilation: AxisSizes = 1,
      groups: Int = 1, bias: Bool = true
    ) {
      self.channels = channels
      self.kernelSize = kernelSize
      self.stride = stride
      self.padding = padding
      self.dilation = dilation
      self.groups = groups
      self.bias = bias
    }

    package init(_ reader: LayerReader) throws(Failure) {
      channels = try reader.integer(Self.name, LayerReader.channels)
      kernelSize = try reader.sizes("kernel_size", LayerReader.sizes)
      stride = try reader.sizes("stride", LayerReader.sizes, default: 1)
      padding = try LayerPadding(reader)
      dilation = try reader.sizes("dilation", LayerReader.sizes, default: 1)
      groups = try reader.integer("groups", LayerReader.channels, default: 1)
      bias = try reader.flag("bias", default: true)
    }

    package var json: JSONValue {
      var keys = ["kernel_size": kernelSize.json]
      if stride != 1 { keys["stride"] = stride.json }
      if padding != 0 { keys["padding"] = padding.json }
      if dilation != 1 { keys["dilation"] = dilation.json }
      if groups != 1 { keys["groups"] = .integer(Int128(groups)) }
      if !bias { keys["bias"] = .bool(false) }
      return object(.integer(Int128(channels)), keys)
    }

    package func build(_ builder: inout LayerBuilder) throws(Failure) {
      try builder.requireImages()
      let kernel = try builder.sizes(kernelSize, "kernel_size")
      let stride = try builder.sizes(stride, "stride")
      let dilation = try builder.sizes(dilation, "dilation")
      let padding = try padding.sizes(kernel: kernel, stride: stride, dilation: dilation, builder)
      try checkGroups(builder)
      let windows = try builder.windows(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
      let spatial = try builder.output(of: windows, "kernel")
      builder.append(
        Layers.Convolution(
          builder.name, inputChannels: builder.shape.channels, outputChannels: channels, kernel: kernel, stride: stride,
          padding: padding, dilation: dilation, groups: groups, bias: bias, initialization: .uniform,
          needsInputGradient: builder.needsInputGradient))
      builder.shape = TensorShape(samples: 1, channels: channels, spatial: spatial)
    }

    private func checkGroups(_ builder: LayerBuilder) throws(Failure) {
      let inputs = builder.shape.channels
      guard inputs % groups == 0, channels % groups == 0 else {
        throw Failure(
          .usage, "the channels cannot be cut into \(groups) groups", at: builder.place,
          expected: "input and output channels that are multiples of \(groups)", found: "\(inputs) in, \(channels) out")
      }
    }
  }

  /// `Conv2d`, `Conv3d`.
  public static func convolution(_ convolution: Convolution) -> LayerSpecification { LayerSpecification(convolution) }
}
