import Diagnostics
import Layers

/// Convolution and pooling: layers that look through windows.
extension LayerBuilder {
  mutating func convolution(_ description: LayerSpecification.Convolution, _ layer: DescribedLayer) throws(Failure)
    -> Convolution
  {
    try requireImages(layer)
    let kernel = try sizes(description.kernelSize, "kernel_size", layer)
    let stride = try sizes(description.stride, "stride", layer)
    let dilation = try sizes(description.dilation, "dilation", layer)
    let padding = try self.padding(description.padding, kernel: kernel, stride: stride, dilation: dilation, layer)
    try checkGroups(description, layer)
    let windows = try makeWindows(kernel: kernel, stride: stride, padding: padding, dilation: dilation, layer)
    let spatial = try output(of: windows, "kernel", layer)
    let convolution = Convolution(
      layer.name, inputChannels: shape.channels, outputChannels: description.channels, kernel: kernel, stride: stride,
      padding: padding, dilation: dilation, groups: description.groups, bias: description.bias,
      initialization: .uniform, needsInputGradient: !isInput)
    shape = TensorShape(samples: 1, channels: description.channels, spatial: spatial)
    isInput = false
    return convolution
  }

  mutating func maxPooling(_ description: LayerSpecification.Pooling, _ layer: DescribedLayer) throws(Failure)
    -> MaxPooling
  {
    let windows = try pooling(description, layer)
    return MaxPooling(window: windows.kernel, stride: windows.stride, padding: windows.padding)
  }

  mutating func averagePooling(_ description: LayerSpecification.Pooling, _ layer: DescribedLayer) throws(Failure)
    -> AveragePooling
  {
    let windows = try pooling(description, layer)
    return AveragePooling(window: windows.kernel, stride: windows.stride, padding: windows.padding)
  }

  mutating func adaptivePooling(_ size: AxisSizes, _ layer: DescribedLayer) throws(Failure) -> AdaptiveAveragePooling {
    try requireImages(layer)
    shape.spatial = try sizes(size, "adaptive_average_pool", layer)
    return AdaptiveAveragePooling(output: shape.spatial)
  }

  /// The windows of a pooling, over which the images go.
  private mutating func pooling(_ description: LayerSpecification.Pooling, _ layer: DescribedLayer) throws(Failure)
    -> Windows
  {
    try requireImages(layer)
    let kernel = try sizes(description.kernelSize, "kernel_size", layer)
    let stride = try sizes(description.stride ?? description.kernelSize, "stride", layer)
    let padding = try sizes(description.padding, "padding", layer)
    let windows = try makeWindows(kernel: kernel, stride: stride, padding: padding, layer)
    guard windows.padsAtMostHalf else {
      throw Failure(
        .usage, "the padding is too wide", at: layer.place, expected: "at most half of the window of \(text(kernel))",
        found: text(padding))
    }
    shape.spatial = try output(of: windows, "window", layer)
    return windows
  }

  private func makeWindows(
    kernel: [Int], stride: [Int], padding: [Int], dilation: [Int]? = nil, _ layer: DescribedLayer
  ) throws(Failure) -> Windows {
    guard let windows = Windows(kernel: kernel, stride: stride, padding: padding, dilation: dilation) else {
      throw Failure(
        .usage, "the sizes of this layer make no sense", at: layer.place, expected: "sizes of at least 1 (padding: 0)",
        found: "kernel \(text(kernel)), stride \(text(stride)), padding \(text(padding))"
          + (dilation.map { ", dilation \(text($0))" } ?? ""))
    }
    return windows
  }

  /// The extents that a layer's windows make of the images.
  private func output(of windows: Windows, _ what: String, _ layer: DescribedLayer) throws(Failure) -> [Int] {
    guard let output = windows.output(over: shape.spatial) else {
      throw Failure(
        .usage, "the \(what) does not fit into the images", at: layer.place,
        expected: "extents of at least \(text(windows.leastExtents))", found: text(shape.spatial),
        remedy: "give a smaller \(what), padding, or fewer strides before it")
    }
    return output
  }

  private func padding(
    _ padding: LayerPadding, kernel: [Int], stride: [Int], dilation: [Int], _ layer: DescribedLayer
  ) throws(Failure) -> [Int] {
    guard padding == .same else {
      guard case .sizes(let sizes) = padding else { return [] }
      return try self.sizes(sizes, "padding", layer)
    }
    let none = kernel.map { _ in 0 }
    let reach = try makeWindows(kernel: kernel, stride: stride, padding: none, dilation: dilation, layer).reach
    guard stride.allSatisfy({ $0 == 1 }), reach.allSatisfy({ $0 % 2 == 1 }) else {
      throw Failure(
        .usage, "padding 'same' does not fit this convolution", at: layer.place,
        expected: "stride 1, and a kernel that is odd or dilated by an even number",
        found: "stride \(text(stride)), a kernel over \(text(reach))", remedy: "give padding as a number")
    }
    return reach.map { $0 / 2 }
  }

  private func checkGroups(_ description: LayerSpecification.Convolution, _ layer: DescribedLayer) throws(Failure) {
    let groups = description.groups
    guard shape.channels % groups == 0, description.channels % groups == 0 else {
      throw Failure(
        .usage, "the channels cannot be cut into \(groups) groups", at: layer.place,
        expected: "input and output channels that are multiples of \(groups)",
        found: "\(shape.channels) in, \(description.channels) out")
    }
  }

  func text(_ sizes: [Int]) -> String { sizes.map(String.init).joined(separator: "×") }
}
