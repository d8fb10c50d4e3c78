import Tensors

/// A copy of a single layer, planned for one shard with chosen methods and random numbers, to be timed.
final class KernelTrial {
  private let layer: any TunableLayer
  private let workspace: Workspace
  private let input: Activation
  private let output: Activation

  /// - Parameter methods: for all three directions.
  /// - Parameter numbers: shared by trials that run one after another.
  init(
    _ original: any TunableLayer, methods: [KernelDirection: String], input shape: TensorShape,
    _ numbers: TrialNumbers, like other: Workspace
  ) throws {
    layer = original.unplannedCopy()
    let state = try ParameterSet(Sequential([layer]))
    TrialNumbers.fill(state.parameters.values)
    var table = KernelTable()
    for (direction, method) in methods { table[layer.parameters[0].name, direction] = method }
    workspace = try Workspace(
      batch: LocalBatch(), parameters: state.parameters, statistics: state.statistics, isTraining: other.isTraining,
      convolution: other.convolution, largestGroup: 0, kernels: KernelChooser(table))
    input = Activation(shape, values: [try numbers.buffer(.forward, shape.count)])
    output = try layer.planForward(input, workspace)
    if workspace.isTraining {
      output.gradients = [try numbers.buffer(.dataGradient, output.shape.count)]
      try layer.planBackward(workspace)
    }
  }

  /// Computes one direction, from what is in the buffers.
  func run(_ direction: KernelDirection) throws { try layer.passes.run(direction) }
}

/// Random input and output gradient of one layer.
final class TrialNumbers {
  private var buffers: [KernelDirection: AlignedBuffer<Float>] = [:]

  func buffer(_ use: KernelDirection, _ count: Int) throws -> AlignedBuffer<Float> {
    if let buffer = buffers[use] { return buffer }
    let buffer = try AlignedBuffer<Float>(count)
    Self.fill(buffer)
    buffers[use] = buffer
    return buffer
  }

  /// Numbers between −1 and 1 from a linear congruential generator.
  static func fill(_ buffer: AlignedBuffer<Float>) {
    var state: UInt32 = 12345
    for i in 0..<buffer.count {
      state = state &* 1_664_525 &+ 1_013_904_223
      buffer.pointer[i] = Float(Int32(bitPattern: state)) * 0x1p-31
    }
  }
}
