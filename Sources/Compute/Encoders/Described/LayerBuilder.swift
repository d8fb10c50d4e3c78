import Diagnostics
import Layers

/// Makes the layers of a list one after another, and knows the shape that each finds.
///
/// A batch norm and the ReLU after it become one layer, and so do a residual whose body ends in a batch norm, and the
/// ReLU after that; names stay those of the list.
package struct LayerBuilder {
  /// Of one sample, as it comes out of the layers so far.
  var shape: TensorShape
  /// The present layer's name in PyTorch's `nn.Sequential`: `encoder.4.body.0`.
  private(set) var name = ""
  /// Where the configuration has the present layer: `layers[4].residual[0]`.
  private(set) var place = ""
  private var layers: [any Layer] = []
  /// What comes after the present layer.
  private var rest: ArraySlice<DescribedLayer>
  /// Whether `shape` is that of the data as they are, and nothing else reads them.
  private var isInput = true

  init(_ list: [DescribedLayer], from shape: TensorShape) {
    self.shape = shape
    rest = list[...]
  }

  /// The layers of the whole list; `shape` is then that of their output.
  mutating func build() throws(Failure) -> [any Layer] {
    while let layer = rest.popFirst() {
      name = layer.name
      place = layer.place
      try layer.specification.word.build(&self)
      try requirePossibleShape()
    }
    return layers
  }

  /// So that the next layer computes with sizes that do not overflow.
  private func requirePossibleShape() throws(Failure) {
    do { _ = try shape.checked() } catch {
      var failure = error
      failure.location = place
      throw failure
    }
  }

  // MARK: For the words

  /// Whether the present layer's input needs a gradient: the data as they are need none.
  var needsInputGradient: Bool { !isInput }

  mutating func append(_ layer: any Layer) {
    layers.append(layer)
    isInput = false
  }

  /// Brings data that do not go through a convolution first into the layout of what comes out of one.
  ///
  /// To be called before `append` for every layer of images except convolutions, and those that leave rows.
  mutating func blockChannels() {
    if isInput && !shape.spatial.isEmpty { layers.append(ChannelBlocking()) }
    isInput = false
  }

  /// True if a ReLU comes next: it is then a part of the present layer, and is not made again.
  mutating func takeReLU() -> Bool {
    guard rest.first?.specification == .relu else { return false }
    rest.removeFirst()
    return true
  }

  /// The layers under a key of the present one; `part` is the name of their `nn.Sequential`.
  func list(_ layers: [LayerSpecification], part: String, key: String) -> [DescribedLayer] {
    DescribedLayer.list(layers, name: "\(name).\(part)", place: "\(place).\(key)")
  }

  /// Layers that also begin with the present layer's input, and the shape of their output.
  func branch(_ list: [DescribedLayer]) throws(Failure) -> (layers: [any Layer], shape: TensorShape) {
    var branch = LayerBuilder(list, from: shape)
    branch.isInput = isInput
    let layers = try branch.build()
    return (layers, branch.shape)
  }
}
