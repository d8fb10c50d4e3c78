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
    let reach = zip(kernel, dilation).map { ($0 - 1) * $1 + 1 }
    let padding = try self.padding(description.padding, reach: reach, stride: stride, layer)
    try checkGroups(description, layer)
    let spatial = try outputExtents(window: reach, stride: stride, padding: padding, "kernel", layer)
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
    let windows = try self.windows(description, layer)
    shape.spatial = windows.output
    return MaxPooling(window: windows.kernel, stride: windows.stride, padding: windows.padding)
  }

  mutating func averagePooling(_ description: LayerSpecification.Pooling, _ layer: DescribedLayer) throws(Failure)
    -> AveragePooling
  {
    let windows = try self.windows(description, layer)
    shape.spatial = windows.output
    return AveragePooling(window: windows.kernel, stride: windows.stride, padding: windows.padding)
  }

  mutating func adaptivePooling(_ size: AxisSizes, _ layer: DescribedLayer) throws(Failure) -> AdaptiveAveragePooling {
    try requireImages(layer)
    shape.spatial = try sizes(size, "adaptive_average_pool", layer)
    return AdaptiveAveragePooling(output: shape.spatial)
  }

  /// The sizes of a pooling for each direction.
  func windows(_ description: LayerSpecification.Pooling, _ layer: DescribedLayer) throws(Failure)
    -> (kernel: [Int], stride: [Int], padding: [Int], output: [Int])
  {
    try requireImages(layer)
    let kernel = try sizes(description.kernelSize, "kernel_size", layer)
    let stride = try sizes(description.stride ?? description.kernelSize, "stride", layer)
    let padding = try sizes(description.padding, "padding", layer)
    // PyTorch's rule: no window without an element.
    guard zip(kernel, padding).allSatisfy({ $1 <= $0 / 2 }) else {
      throw Failure(
        .usage, "the padding is too wide", at: layer.place, expected: "at most half of the window of \(text(kernel))",
        found: text(padding))
    }
    let output = try outputExtents(window: kernel, stride: stride, padding: padding, "window", layer)
    return (kernel, stride, padding, output)
  }

  /// ⌊(extent + 2·padding − window)/stride⌋ + 1 in each direction.
  private func outputExtents(
    window: [Int], stride: [Int], padding: [Int], _ what: String, _ layer: DescribedLayer
  ) throws(Failure) -> [Int] {
    let rest = shape.spatial.indices.map { shape.spatial[$0] + 2 * padding[$0] - window[$0] }
    guard rest.allSatisfy({ $0 >= 0 }) else {
      throw Failure(
        .usage, "the \(what) does not fit into the images", at: layer.place,
        expected: "extents of at least \(text(zip(window, padding).map { max(1, $0 - 2 * $1) }))",
        found: text(shape.spatial), remedy: "give a smaller \(what), padding, or fewer strides before it")
    }
    return zip(rest, stride).map { $0 / $1 + 1 }
  }

  private func padding(_ padding: LayerPadding, reach: [Int], stride: [Int], _ layer: DescribedLayer) throws(Failure)
    -> [Int]
  {
    guard padding == .same else {
      guard case .sizes(let sizes) = padding else { return [] }
      return try self.sizes(sizes, "padding", layer)
    }
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
