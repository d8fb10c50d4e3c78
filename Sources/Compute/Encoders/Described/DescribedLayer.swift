/// A layer of a described network, in its place.
struct DescribedLayer {
  let specification: LayerSpecification
  /// Its name in PyTorch's `nn.Sequential`: `encoder.4.body.0`.
  let name: String
  /// Where the configuration has it: `layers[4].residual[0]`.
  let place: String

  /// The layers of a list with repetitions written out: a repeated layer counts as often as it occurs.
  static func list(_ specifications: [LayerSpecification], name: String, place: String) -> [DescribedLayer] {
    var layers: [DescribedLayer] = []
    append(specifications, name: name, place: place, to: &layers)
    return layers
  }

  private static func append(
    _ specifications: [LayerSpecification], name: String, place: String, to layers: inout [DescribedLayer]
  ) {
    for (index, specification) in specifications.enumerated() {
      let place = "\(place)[\(index)]"
      if let repeated = specification.word as? LayerSpecification.Repeated {
        for _ in 0..<repeated.times { append(repeated.layers, name: name, place: place + ".layers", to: &layers) }
      } else {
        layers.append(DescribedLayer(specification: specification, name: "\(name).\(layers.count)", place: place))
      }
    }
  }
}
