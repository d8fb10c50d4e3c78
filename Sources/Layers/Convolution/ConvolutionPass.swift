/// One direction of a layer's convolution over all local shards, by whatever method; planned for fixed shapes.
protocol ConvolutionPass: AnyObject {
  func run() throws
}

/// ∂L/∂w and ∂L/∂b, summed over the local shards along the reduction tree.
protocol ConvolutionWeightPass: ConvolutionPass {
  var sum: GradientSum { get }
}
