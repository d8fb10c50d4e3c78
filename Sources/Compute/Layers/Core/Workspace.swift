import Diagnostics
import Tensors

/// Everything that the layers of one network share while they are planned and run.
public final class Workspace {
  public let batch: any GlobalBatch
  public let parameters: ParameterArena
  /// Running statistics.
  public let statistics: ParameterArena
  /// Batch statistics and backward passes, or running statistics and forward passes only.
  public let isTraining: Bool
  /// Running statistics for a forward pass of a network that is planned for training; they stay as they are.
  public var isEvaluating = false
  public let convolution: ConvolutionAlgorithm
  /// The methods by which layers with weights compute.
  package let kernels: KernelChooser
  /// What products with weights compute in and write. Parameters and their gradients are always float32.
  public let element: TensorShape.Element
  /// For layers that draw random numbers in training, set before each step's forward pass.
  public var randomness: StepRandomness?
  private var randomStreams: Set<String> = []

  /// Remarks from planning, such as a slow kernel.
  public internal(set) var remarks: [String] = []

  /// Of the layers planned so far.
  private(set) var multiplyAdds = MultiplyAdds()

  /// The layer whose weight gradient is still to be computed. It fills the time in which the next batch norm's sums
  /// travel between the ranks.
  private weak var postponed: (any WeightGradientOwner)?

  /// Where activations, gradients and the kernels' working memory lie.
  private(set) var pool = BufferArena(for: .activations)
  let scratchpad: Scratchpad
  /// nil where blocks keep what is inside them.
  let recomputation: Recomputation?
  /// Partial sums of one layer's gradients over this rank's shards (`ReductionTree` slots 1, 2, …).
  private let partialSums: [AlignedBuffer<Float>]

  public var shardCount: Int { batch.localShards.count }

  /// - Parameter largestGroup: the arena elements of the layer with the most parameters.
  /// - Parameter recompute: in training, keeps only the outputs of blocks; see `Recomputation`.
  package init(
    batch: any GlobalBatch, parameters: ParameterArena, statistics: ParameterArena, isTraining: Bool,
    convolution: ConvolutionAlgorithm, element: TensorShape.Element = .float32, largestGroup: Int,
    recompute: Bool = false, kernels: KernelChooser = KernelChooser()
  ) throws {
    self.batch = batch
    self.parameters = parameters
    self.statistics = statistics
    self.isTraining = isTraining
    self.convolution = convolution
    self.element = element
    self.kernels = kernels
    scratchpad = Scratchpad(pool)
    recomputation = recompute ? Recomputation() : nil
    let slots = isTraining ? ReductionTree.extraSlots(leaves: batch.localShards.count) : 0
    partialSums = try (0..<slots).map { _ in try AlignedBuffer<Float>(largestGroup) }
  }

  /// An activation for a layer's output. What lies in it before the layer's forward pass is left from others, except
  /// for the padding of the last channel block, which is zero.
  ///
  /// - Throws: a usage failure for a shape beyond every memory, and where the system gives no memory.
  public func activation(_ shape: TensorShape) throws -> Activation {
    let shape = try shape.checked()
    guard shape.storedChannels == shape.channels else {
      // Layers leave the padding as it is: the memory must not be shared.
      let values = try (0..<shardCount).map { _ in try AlignedBuffer<Float>(shape.floats, for: .activations) }
      return Activation(shape, values: values)
    }
    let values: [AlignedBuffer<Float>] = try (0..<shardCount).map { _ in try pool.take(shape.floats) }
    // Inside such a block all live until the next block.
    return isInsideRecomputedBlock ? Activation(shape, values: values) : Activation(shape, values: values, in: pool)
  }

  /// Reports what a product with weights costs per sample, while `planForward` runs; backward costs as much for the
  /// weights, and again for the input where that is needed.
  public func count(multiplyAdds: Int, needsInputGradient: Bool) {
    let backward = MultiplyAdds(backward: saturatingProduct(needsInputGradient ? 2 : 1, multiplyAdds))
    self.multiplyAdds = self.multiplyAdds + MultiplyAdds(forward: multiplyAdds) + backward
  }

  /// An activation of the same shape in the same memory, or in its own where the input is kept.
  public func activationInPlace(of input: Activation) throws -> Activation {
    input.isKept ? try activation(input.shape) : Activation(input.shape, values: input.values)
  }

  /// Buffers for the gradient of an activation, taken while backward is planned.
  public func gradientBuffers(_ shape: TensorShape) throws -> [AlignedBuffer<Float>] {
    try (0..<shardCount).map { _ in try pool.take(shape.floats) }
  }

  /// Gives the buffers of a layer's output, values and gradients, to layers that are planned later: those before it in
  /// the network. The layer's backward pass must be the last that needs them.
  public func release(_ activation: Activation) {
    releaseGradients(activation)
    activation.releaseValues()
  }

  func releaseGradients(_ activation: Activation) {
    for buffer in activation.gradients where buffer.arena === pool { pool.giveBack(buffer) }
  }

  /// Takes memory from `pool` from now on.
  func usePool(_ pool: BufferArena) {
    self.pool = pool
    scratchpad.pool = pool
  }

  /// Whether a forward pass runs for the second time in a step, in backward: it must compute the same as the first.
  public var isRepeating: Bool { recomputation?.isRepeating == true }

  /// Claims the random numbers of a layer's name; a second layer of that name would draw the same.
  func reserveRandomStream(_ name: String) throws {
    guard randomStreams.insert(name).inserted else {
      throw Failure(
        .usage, "two layers that draw random numbers have the same name", at: name,
        remedy: "give each layer a name of its own")
    }
  }

  /// Leaves a layer's weight gradient for later; one at a time.
  func postpone(_ owner: any WeightGradientOwner) throws {
    try runPostponed()
    postponed = owner
  }

  /// Computes the weight gradient that was left for later.
  func runPostponed() throws {
    guard let owner = postponed else { return }
    postponed = nil
    try owner.computeWeightGradient()
  }

  /// Says that the gradients of a layer are complete for this rank's shards.
  public func completed(_ sum: GradientSum) throws {
    try batch.gradientsCompleted(below: sum.group.offset + sum.group.count)
  }

  /// Adds up gradients of one layer over the local shards, in the order of the reduction tree.
  ///
  /// - Parameter specs: all parameters of the layer, as its `parameters` lists them.
  public func gradientSum(of specs: [ParameterSpec]) throws -> GradientSum {
    let group = try ParameterGroup(specs, in: parameters.layout)
    return GradientSum(
      target: parameters.gradients.pointer + group.offset, group: group, leaves: shardCount,
      partialSums: partialSums.map(\.pointer))
  }
}

/// The adjacent arena elements of one layer's parameters.
struct ParameterGroup {
  let offset: Int
  let count: Int
  /// Between its parameters, counted from `offset`.
  let padding: [Range<Int>]

  init(_ specs: [ParameterSpec], in layout: ParameterLayout) throws {
    let entries = try specs.map { try layout.entry($0.name) }
    let offset = entries.first!.offset
    self.offset = offset
    count = entries.last!.range.upperBound - offset
    padding = zip(entries, entries.dropFirst()).map { $0.range.upperBound - offset..<$1.offset - offset }
  }
}

/// Where each local shard writes its part of a layer's gradient, and how the parts become their sum in the arena.
public struct GradientSum {
  let target: UnsafeMutablePointer<Float>
  let group: ParameterGroup
  let leaves: Int
  let partialSums: [UnsafeMutablePointer<Float>]

  /// Where shard `leaf` writes the gradient of the parameter at arena offset `offset`.
  public func address(leaf: Int, offset: Int) -> UnsafeMutablePointer<Float> {
    let slot = ReductionTree.slot(of: leaf)
    return (slot == 0 ? target : partialSums[slot - 1]) + (offset - group.offset)
  }

  /// To be called after each shard, in order.
  public func merge(afterLeaf leaf: Int) {
    // Other layers have left their gradients there, and padding in the arena must stay zero.
    let slot = ReductionTree.slot(of: leaf)
    if slot > 0 {
      for gap in group.padding { (partialSums[slot - 1] + gap.lowerBound).update(repeating: 0, count: gap.count) }
    }
    ReductionTree.merge(
      afterLeaf: leaf, of: leaves, count: group.count, target: target, partialSums: partialSums)
  }
}
