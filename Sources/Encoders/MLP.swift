import Layers

extension Encoder {
  /// torchvision's `ops.MLP` without norm and dropout: Linear, ReLU, …, Linear.
  ///
  /// Names count ReLU and dropout as torchvision does: `encoder.0.weight`, `encoder.3.weight`, … Samples of any shape
  /// are taken as rows of numbers.
  ///
  /// - Parameter hidden: output sizes of the linear layers, at least one; the last is the embedding.
  public static func mlp(inputs: Int, hidden: [Int]) -> Encoder {
    var layers: [any Layer] = []
    var size = inputs
    for (index, outputs) in hidden.enumerated() {
      if index > 0 { layers.append(ReLU()) }
      layers.append(
        Linear("encoder.\(3 * index)", inputs: size, outputs: outputs, bias: true, needsInputGradient: index > 0))
      size = outputs
    }
    return Encoder(name: "mlp", layers: Sequential(layers), features: size, takesImages: false)
  }
}
