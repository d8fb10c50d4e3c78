import Layers

/// A layer of an encoder that is described in a configuration, in PyTorch's terms.
///
/// A list of them is read as PyTorch's `nn.Sequential`. Input channels and the number of directions (2 or 3) come from
/// the shape of the samples.
public indirect enum LayerSpecification: Sendable, Equatable {
  /// `Conv2d`/`Conv3d`.
  case convolution(Convolution)
  /// `BatchNorm1d/2d/3d`.
  case batchNorm
  case relu
  case maxPool(Pooling)
  /// `AvgPool2d/3d`.
  case averagePool(Pooling)
  /// `AdaptiveAvgPool2d/3d`: means over windows of nearly equal size.
  case adaptiveAveragePool(outputSize: AxisSizes)
  /// The mean over all positions: `AdaptiveAvgPool2d(1)` and `Flatten`.
  case globalAveragePool
  /// The maximum over all positions: `AdaptiveMaxPool2d(1)` and `Flatten`.
  case globalMaxPool
  case dropout(Double)
  case flatten
  case linear(outputs: Int, bias: Bool = true)
  /// body(x) + shortcut(x); an empty shortcut is x itself.
  case residual(body: [LayerSpecification], shortcut: [LayerSpecification] = [])
  /// x and body(x), one after the other along the channels (DenseNet's layer).
  case concatenate([LayerSpecification])
  /// The layers written out so many times, each with parameters of its own.
  case repeated(Int, [LayerSpecification])

  /// The parameters of `Conv2d` and `Conv3d`.
  public struct Convolution: Sendable, Equatable {
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
      (self.channels, self.kernelSize, self.stride, self.padding) = (channels, kernelSize, stride, padding)
      (self.dilation, self.groups, self.bias) = (dilation, groups, bias)
    }
  }

  /// The parameters of `MaxPool2d`, `AvgPool2d` and those for volumes.
  public struct Pooling: Sendable, Equatable {
    public var kernelSize: AxisSizes
    /// nil: the kernel's size.
    public var stride: AxisSizes?
    public var padding: AxisSizes

    public init(_ kernelSize: AxisSizes, stride: AxisSizes? = nil, padding: AxisSizes = 0) {
      (self.kernelSize, self.stride, self.padding) = (kernelSize, stride, padding)
    }
  }

  /// Layers of the list with `repeated` written out and branches counted; `Int.max` beyond it.
  static func count(_ layers: [LayerSpecification]) -> Int {
    layers.reduce(0) { sum, layer in
      let (result, overflow) = sum.addingReportingOverflow(layer.count)
      return overflow ? .max : result
    }
  }

  private var count: Int {
    switch self {
    case .residual(let body, let shortcut): return Self.count(body + shortcut + [.relu])
    case .concatenate(let body): return Self.count(body + [.relu])
    case .repeated(let times, let layers):
      let (result, overflow) = times.multipliedReportingOverflow(by: Self.count(layers))
      return overflow ? .max : result
    default: return 1
    }
  }
}
