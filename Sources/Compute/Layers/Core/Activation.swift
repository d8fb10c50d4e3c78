import Tensors

/// What flows between two layers: one tensor for each local shard, and room for its gradient.
///
/// In training a shard's samples are its b samples of view 1 and then its b samples of view 2.
///
/// Values and gradients lie in an arena that the plan shares out repeatedly. Values live from their layer's forward
/// pass to its backward pass; transient ones only through the next layer's forward pass, and again in backward where
/// they are rebuilt. A gradient lives from the next layer's backward pass to its own layer's.
public final class Activation {
  /// The shape of one shard's tensor.
  public let shape: TensorShape
  /// One buffer for each local shard, of `shape.floats`: its numbers, or as `bfloat16` those of `shape.element`. Layers
  /// that do not say `takesBFloat16` only ever get float32.
  public let values: [AlignedBuffer<Float>]
  /// ∂L/∂values, one buffer for each local shard; set while backward passes are planned. Gradient buffers are shared
  /// between activations whose gradients do not live at the same time.
  public var gradients: [AlignedBuffer<Float>] = []
  /// Whether something else needs the values after the next layer's forward pass: then that layer must not work in
  /// place. Set while forward passes are planned.
  public var isKept = false

  /// Whether the next layer, the only one that reads the values, may end their life in its backward pass and write what
  /// it computes there: the layer that made them does not need them in its own backward pass.
  var isConsumable = false
  /// How the values can be computed again in backward; nil where they cannot.
  var rebuilding: Rebuilding?
  /// Whether the values are gone when backward begins.
  private(set) var isTransient = false
  /// Where the values are to be given back; nil once they are, and for values with their own memory or another's.
  private var arena: BufferArena?
  /// Where the values of a transient are in backward, and whether they are there in this step.
  private var rebuilt: (buffers: [AlignedBuffer<Float>], isFilled: Bool) = ([], false)
  /// The activation whose values these are, for a second one that reads them.
  fileprivate let original: Activation?

  public init(_ shape: TensorShape, values: [AlignedBuffer<Float>]) {
    self.shape = shape
    self.values = values
    original = nil
  }

  /// - Parameter arena: where the values were taken from.
  init(_ shape: TensorShape, values: [AlignedBuffer<Float>], in arena: BufferArena) {
    self.shape = shape
    self.values = values
    self.arena = arena
    original = nil
  }

  /// The same values, with its own gradient.
  init(viewing original: Activation) {
    shape = original.shape
    values = original.values
    self.original = original
  }
}

/// How an activation's values are computed again from what is still there in backward: one pass over memory.
struct Rebuilding {
  /// An activation that they are computed from, besides what is always there.
  var source: Activation?
  /// Computes one local shard's values.
  var values: (_ shard: Int, _ target: UnsafeMutablePointer<Float>) -> Void
}

// MARK: Lifetimes, to be set while passes are planned

extension Activation {
  /// Lets what is planned from now on use the memory of the values.
  func releaseValues() {
    if let arena { values.forEach(arena.giveBack) }
    for buffer in rebuilt.buffers { buffer.arena?.giveBack(buffer) }
    arena = nil
  }

  /// Ends the life of the values after the forward pass of the layer that was planned last; layers that need them in
  /// backward have them rebuilt.
  func makeTransient() {
    guard let rebuilding, !isKept, arena != nil, rebuilding.passes <= Rebuilding.mostPasses else { return }
    releaseValues()
    isTransient = true
  }

  /// Turns the memory of the values into that of their own gradient, to be released as such; for the next layer.
  ///
  /// - Returns: false where it must be left alone.
  func useValuesForGradients() -> Bool {
    guard isConsumable, !isKept, arena != nil else { return false }
    gradients = values
    arena = nil
    return true
  }

  /// Ends the life of the values in the backward pass of the next layer, where it may do so.
  func consume() {
    if isConsumable, !isKept { releaseValues() }
  }

  /// Keeps the values beyond the step.
  func outliveStep() { arena = nil }

  /// Makes room for the values in backward where they are transient, until `releaseValues`.
  ///
  /// - Returns: where the values are in backward, after `rebuild`.
  @discardableResult
  func planRebuilding(_ workspace: Workspace) throws -> [AlignedBuffer<Float>] {
    if let original { return try original.planRebuilding(workspace) }
    guard isTransient else { return values }
    if rebuilt.buffers.isEmpty {
      try rebuilding?.source?.planRebuilding(workspace)
      rebuilt.buffers = try workspace.gradientBuffers(shape)
    }
    return rebuilt.buffers
  }
}

extension Rebuilding {
  /// How many activations may have to be rebuilt for one: each lives in backward again.
  static let mostPasses = 3

  fileprivate var passes: Int {
    let origin = source?.original ?? source
    return 1 + (origin?.isTransient == true ? origin?.rebuilding?.passes ?? 0 : 0)
  }
}

// MARK: In a step

extension Activation {
  /// Where the values are in backward, after `rebuild`.
  var backwardValues: [AlignedBuffer<Float>] {
    if let original { return original.backwardValues }
    return isTransient ? rebuilt.buffers : values
  }

  /// Brings transient values to `backwardValues`, once a step.
  func rebuild() {
    if let original { return original.rebuild() }
    guard isTransient, !rebuilt.isFilled, let rebuilding else { return }
    rebuilding.source?.rebuild()
    for (shard, buffer) in rebuilt.buffers.enumerated() { rebuilding.values(shard, buffer.pointer) }
    rebuilt.isFilled = true
  }

  /// Whether room for rebuilt values is still to be made.
  var lacksRoomInBackward: Bool { isTransient && rebuilt.buffers.isEmpty }

  /// Forgets what was rebuilt in the last step.
  func beginStep() { rebuilt.isFilled = false }
}
