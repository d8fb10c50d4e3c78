import Diagnostics
import JSON
import Layers

extension LayerSpecification {
  /// The windows of a pooling.
  public struct Pooling: Sendable, Equatable {
    public var kernelSize: AxisSizes
    /// nil: the kernel's size.
    public var stride: AxisSizes?
    public var padding: AxisSizes

    public init(_ kernelSize: AxisSizes, stride: AxisSizes? = nil, padding: AxisSizes = 0) {
      self.kernelSize = kernelSize
      self.stride = stride
      self.padding = padding
    }
  }
}

/// A word for pooling over windows: `{max_pool: 2}`.
package protocol PoolingWord: LayerWord {
  var pooling: LayerSpecification.Pooling { get }

  init(_ pooling: LayerSpecification.Pooling)

  func layer(_ windows: Windows) -> any Layer
}

extension PoolingWord {
  package static var keys: [String] { ["stride", "padding"] }
  package static var example: String { "{\(name): 2}" }
  package static var keySynonyms: [String: String] { ["strides": "stride", "pad": "padding"] }

  package init(_ reader: LayerReader) throws(Failure) {
    let kernelSize = try reader.sizes(Self.name, LayerReader.sizes)
    let stride = reader["stride"] == nil ? nil : try reader.sizes("stride", LayerReader.sizes)
    let padding = try reader.sizes("padding", 0...1024, default: 0)
    self.init(LayerSpecification.Pooling(kernelSize, stride: stride, padding: padding))
  }

  package var json: JSONValue {
    var keys: [String: JSONValue] = [:]
    if let stride = pooling.stride { keys["stride"] = stride.json }
    if pooling.padding != 0 { keys["padding"] = pooling.padding.json }
    return object(pooling.kernelSize.json, keys)
  }

  package func build(_ builder: inout LayerBuilder) throws(Failure) {
    builder.blockChannels()
    try builder.requireImages()
    let kernel = try builder.sizes(pooling.kernelSize, "kernel_size")
    let stride = try builder.sizes(pooling.stride ?? pooling.kernelSize, "stride")
    let padding = try builder.sizes(pooling.padding, "padding")
    let windows = try builder.windows(kernel: kernel, stride: stride, padding: padding)
    guard windows.padsAtMostHalf else {
      throw Failure(
        .usage, "the padding is too wide", at: builder.place,
        expected: "at most half of the window of \(builder.text(kernel))", found: builder.text(padding))
    }
    builder.shape.spatial = try builder.output(of: windows, "window")
    builder.append(layer(windows))
  }
}

/// A word for a layer that leaves one number a channel: `"global_average_pool"`.
package protocol GlobalPoolingWord: BareLayerWord {
  var layer: any Layer { get }
}

extension GlobalPoolingWord {
  package func build(_ builder: inout LayerBuilder) throws(Failure) {
    try builder.requireImages()
    builder.append(layer)
    builder.shape.spatial = []
  }
}
