import Diagnostics
import Layers

/// Layers that have layers inside.
extension LayerBuilder {
  /// body(x) + shortcut(x); `fused` if the ReLU behind it is a part of it.
  mutating func residual(
    body: [LayerSpecification], shortcut: [LayerSpecification], _ layer: DescribedLayer, isRectified: Bool
  ) throws(Failure) -> (layer: any Layer, fused: Bool) {
    var (inner, outer) = (self, self)
    var list = DescribedLayer.list(body, name: layer.name + ".body", place: layer.place + ".residual")
    let lastNorm = list.last?.specification == .batchNorm ? list.removeLast() : nil
    let main = try inner.layers(list)
    let side = try outer.layers(
      DescribedLayer.list(shortcut, name: layer.name + ".shortcut", place: layer.place + ".shortcut"))
    try checkSum(inner.shape, outer.shape, hasShortcut: !shortcut.isEmpty, layer)
    shape = inner.shape
    let projection = shortcut.isEmpty ? nil : side
    guard let lastNorm else { return (ResidualSum(body: main, shortcut: projection), false) }
    let last = BatchNormalization(lastNorm.name, channels: shape.channels, rectifies: isRectified)
    return (ResidualBlock(body: main, last: last, projection: projection), isRectified)
  }

  /// x and body(x) along the channels.
  mutating func concatenation(_ body: [LayerSpecification], _ layer: DescribedLayer) throws(Failure) -> DenseLayer {
    var inner = self
    let list = DescribedLayer.list(body, name: layer.name + ".body", place: layer.place + ".concatenate")
    let layers = try inner.layers(list)
    guard inner.shape.spatial == shape.spatial else {
      throw Failure(
        .usage, "the layers of concatenate change the extents", at: layer.place,
        expected: "extents \(text(shape.spatial)), as they go in", found: text(inner.shape.spatial),
        remedy: "give strides of 1, and padding that keeps the extents")
    }
    shape.channels += inner.shape.channels
    return DenseLayer(layers)
  }

  private func checkSum(_ body: TensorShape, _ other: TensorShape, hasShortcut: Bool, _ layer: DescribedLayer)
    throws(Failure)
  {
    if body == other { return }
    throw Failure(
      .usage, "the branches of a residual differ in shape", at: layer.place,
      expected: "\(body), as the body gives", found: "\(other), \(hasShortcut ? "as the shortcut gives" : "its input")",
      remedy: hasShortcut ? "give both the same channels, strides and padding" : projection(from: other, to: body))
  }

  /// What to write for a shortcut between two shapes.
  private func projection(from: TensorShape, to: TensorShape) -> String {
    if to.spatial.isEmpty && from.spatial.isEmpty { return "add shortcut: [{linear: \(to.channels)}]" }
    let stride = (1...1024).first { stride in from.spatial.map { ($0 - 1) / stride + 1 } == to.spatial }
    guard let stride, !to.spatial.isEmpty else {
      return "give its layers padding that keeps the extents, or a shortcut"
    }
    let key = stride > 1 ? ", stride: \(stride)" : ""
    return "add shortcut: [{convolution: \(to.channels), kernel_size: 1\(key)}, 'batch_norm'], or change the body"
  }
}
