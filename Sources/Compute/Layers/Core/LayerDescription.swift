/// Multiplications with an addition that layers do for one sample; biases, norms and pooling are not counted.
public struct MultiplyAdds: Sendable, Equatable {
  public var forward = 0
  /// For the gradients of the input, where that is needed, and of the weights.
  public var backward = 0

  public init(forward: Int = 0, backward: Int = 0) { (self.forward, self.backward) = (forward, backward) }

  static func - (a: MultiplyAdds, b: MultiplyAdds) -> MultiplyAdds {
    MultiplyAdds(forward: a.forward - b.forward, backward: a.backward - b.backward)
  }

  public static func + (a: MultiplyAdds, b: MultiplyAdds) -> MultiplyAdds {
    MultiplyAdds(forward: sum(a.forward, b.forward), backward: sum(a.backward, b.backward))
  }
}

extension MultiplyAdds {
  /// `Int.max` where an Int does not hold it.
  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }
}

/// A row of a network's table: a layer, or a block of several.
public struct LayerDescription: Sendable, Equatable {
  /// What the names of its parameters have in common, such as `encoder.layer1.0`; empty without parameters.
  public var name: String
  /// `Layer.kind`.
  public var kind: String
  /// Of one shard; its channels and extents are what matters.
  public var output: TensorShape
  /// Numbers that are trained.
  public var parameters: Int
  /// For one sample.
  public var multiplyAdds: MultiplyAdds

  public init(name: String, kind: String, output: TensorShape, parameters: Int, multiplyAdds: MultiplyAdds) {
    self.name = name
    self.kind = kind
    self.output = output
    (self.parameters, self.multiplyAdds) = (parameters, multiplyAdds)
  }

  init(_ layer: any Layer, output: TensorShape, _ multiplyAdds: MultiplyAdds) {
    let specs = layer.parameters
    self.init(
      name: Self.commonName(specs.map(\.name)), kind: layer.kind, output: output,
      parameters: specs.reduce(0) { $0 + $1.shape.reduce(1, *) }, multiplyAdds: multiplyAdds)
  }

  /// The parts between dots that all names begin with, without the last part of each.
  static func commonName(_ names: [String]) -> String {
    let parts = names.map { $0.split(separator: ".").dropLast() }
    guard var common = parts.first else { return "" }
    for other in parts.dropFirst() { common = zip(common, other).prefix { $0 == $1 }.map(\.0)[...] }
    return common.joined(separator: ".")
  }
}

/// One number for each direction, for a row of the table: `2`, or `2×1×1` where they differ.
func sizeText(_ sizes: [Int]) -> String {
  Set(sizes).count == 1 ? "\(sizes[0])" : sizes.map(String.init).joined(separator: "×")
}
