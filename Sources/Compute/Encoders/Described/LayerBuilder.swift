import Diagnostics
import Layers

/// Makes layers from their descriptions, one after another, and knows the shape that each finds.
///
/// A batch norm and the ReLU behind it become one layer, and so do a residual whose body ends in a batch norm, and the
/// ReLU behind that; names stay those of the list.
struct LayerBuilder {
  /// Of one sample, as it comes out of the layers so far.
  var shape: TensorShape
  /// Whether that are the data as they are, and nothing else reads them.
  var isInput = true

  init(_ shape: TensorShape) { self.shape = shape }

  mutating func layers(_ list: [DescribedLayer]) throws(Failure) -> [any Layer] {
    var layers: [any Layer] = []
    var index = 0
    while index < list.count {
      let layer = list[index]
      index += 1
      let isRectified = index < list.count && list[index].specification == .relu
      if try append(layer, isRectified: isRectified, to: &layers) { index += 1 }
    }
    return layers
  }

  /// True if the ReLU behind the layer was made a part of it.
  private mutating func append(_ layer: DescribedLayer, isRectified: Bool, to layers: inout [any Layer]) throws(Failure)
    -> Bool
  {
    switch layer.specification {
    case .convolution(let description): layers.append(try convolution(description, layer))
    case .linear(let outputs, let bias): layers.append(try linear(outputs: outputs, bias: bias, layer))
    case .batchNorm:
      layers += channelBlocks() + [BatchNormalization(layer.name, channels: shape.channels, rectifies: isRectified)]
      return isRectified
    case .residual(let body, let shortcut):
      layers += channelBlocks()
      let (residual, fused) = try residual(body: body, shortcut: shortcut, layer, isRectified: isRectified)
      layers.append(residual)
      return fused
    case .relu: appendInPlace(ReLU(), to: &layers)
    case .dropout(let probability):
      appendInPlace(Dropout(layer.name, probability: probability), to: &layers)
    case .maxPool(let pooling): layers += try channelBlocks() + [maxPooling(pooling, layer)]
    case .averagePool(let pooling): layers += try channelBlocks() + [averagePooling(pooling, layer)]
    case .adaptiveAveragePool(let size): layers += try channelBlocks() + [adaptivePooling(size, layer)]
    case .globalAveragePool: layers.append(try overAllPositions(GlobalAveragePooling(), layer))
    case .globalMaxPool: layers.append(try overAllPositions(GlobalMaxPooling(), layer))
    case .flatten:
      // Rows stay as they are.
      if !shape.spatial.isEmpty { layers.append(flatten()) }
    case .concatenate(let body): layers += try channelBlocks() + [concatenation(body, layer)]
    case .repeated: preconditionFailure("repetitions are written out")
    }
    return false
  }

  /// Data that do not go through a convolution first are brought into the layout of what comes behind one.
  private mutating func channelBlocks() -> [any Layer] {
    defer { isInput = false }
    return isInput && !shape.spatial.isEmpty ? [ChannelBlocking()] : []
  }

  private mutating func appendInPlace(_ layer: any Layer, to layers: inout [any Layer]) {
    layers += channelBlocks() + [layer]
  }

  // MARK: Rows

  private mutating func flatten() -> Flatten {
    (shape, isInput) = (TensorShape(samples: 1, channels: shape.channels * shape.plane), false)
    return Flatten()
  }

  private mutating func linear(outputs: Int, bias: Bool, _ layer: DescribedLayer) throws(Failure) -> Linear {
    guard shape.spatial.isEmpty else {
      throw Failure(
        .usage, "a linear layer takes rows of numbers", at: layer.place, expected: "features without extents",
        found: "\(shape), channels and extents", remedy: "put 'global_average_pool' or 'flatten' before it")
    }
    let linear = Linear(
      layer.name, inputs: shape.channels, outputs: outputs, bias: bias, needsInputGradient: !isInput)
    (shape.channels, isInput) = (outputs, false)
    return linear
  }

  /// A layer that leaves one number a channel.
  private mutating func overAllPositions(_ pooling: any Layer, _ layer: DescribedLayer) throws(Failure) -> any Layer {
    try requireImages(layer)
    (shape.spatial, isInput) = ([], false)
    return pooling
  }

  // MARK: Sizes

  func requireImages(_ layer: DescribedLayer) throws(Failure) {
    guard shape.spatial.isEmpty else { return }
    throw Failure(
      .usage, "the layer takes images or volumes", at: layer.place, expected: "channels and 2 or 3 extents",
      found: "\(shape.channels) features without extents", remedy: "put it before what makes rows of the images")
  }

  /// A size for each direction of the images.
  func sizes(_ sizes: AxisSizes, _ key: String, _ layer: DescribedLayer) throws(Failure) -> [Int] {
    guard let result = sizes.sizes(shape.spatial.count) else {
      throw Failure(
        .usage, "\(key) is for another number of directions", at: layer.place,
        expected: "one number, or \(shape.spatial.count) for \(shape), without the channels", found: "\(sizes)")
    }
    return result
  }
}
