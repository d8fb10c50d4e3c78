/// One direction of a layer with weights over all local shards, by any method; planned for fixed shapes.
protocol KernelPass: AnyObject {
  func run() throws
}

/// ∂L/∂w and ∂L/∂b, summed over the local shards along the reduction tree.
protocol WeightGradientPass: KernelPass {
  var gradient: WeightGradient { get }

  /// Writes one shard's ∂L/∂w to its place in the sum; ∂L/∂b too, unless that is `gradient.bias`'s work.
  func computeWeight(_ leaf: Int) throws
}

extension WeightGradientPass {
  func run() throws {
    gradient.input.rebuild()
    for leaf in gradient.inputs.indices {
      try computeWeight(leaf)
      gradient.bias?.run(leaf: leaf)
      gradient.sum.merge(afterLeaf: leaf)
    }
  }
}
