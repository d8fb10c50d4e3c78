/// One direction of a layer's convolution over all local shards, by whatever method; planned for fixed shapes.
protocol ConvolutionPass: AnyObject {
  func run() throws
}

/// ∂L/∂w and ∂L/∂b, summed over the local shards along the reduction tree.
protocol ConvolutionWeightPass: ConvolutionPass {
  var sum: GradientSum { get }
  var input: Activation { get }
  var bias: BiasGradient? { get }

  /// Writes one shard's ∂L/∂w to its place in the sum, from the input's `backwardValues`.
  func computeWeight(_ leaf: Int) throws
}

extension ConvolutionWeightPass {
  func run() throws {
    input.rebuild()
    for leaf in input.values.indices {
      try computeWeight(leaf)
      bias?.run(leaf: leaf)
      sum.merge(afterLeaf: leaf)
    }
  }
}
