import Tensors

/// What flows between two layers: one tensor for each local shard, and room for its gradient.
///
/// In training a shard's samples are its b samples of view 1 and then its b samples of view 2.
///
/// Values and gradients lie in an arena that the plan shares out again and again: a value lives from its layer's forward
/// pass to that layer's backward pass, or shorter where it can be rebuilt; a gradient from the next layer's backward pass
/// to its own layer's.
public final class Activation {
  /// The shape of one shard's tensor.
  public let shape: TensorShape
  /// One buffer for each local shard.
  public let values: [AlignedBuffer<Float>]
  /// ∂L/∂values, one buffer for each local shard; set while backward passes are planned. Gradient buffers are shared
  /// between activations whose gradients do not live at the same time.
  public var gradients: [AlignedBuffer<Float>] = []
  /// Whether the values are needed after the next layer's forward pass by somebody else: then that layer must not work
  /// in place. Set while forward passes are planned.
  public var isKept = false

  /// Whether the layer behind, the only one that reads the values, may end their life in its backward pass, and write
  /// there what it computes: the layer whose output it is does not need them in its own backward pass.
  var isConsumable = false
  /// Computes one local shard's values once more, from what is still there in backward; nil where that cannot be done.
  var rebuild: ((_ shard: Int, _ target: UnsafeMutablePointer<Float>) -> Void)?
  /// Where the values are to be given back; nil where that is done, and for values with memory of their own or another's.
  fileprivate(set) var arena: BufferArena?
  /// Whether the values are gone when backward begins.
  fileprivate(set) var isTransient = false

  public init(_ shape: TensorShape, values: [AlignedBuffer<Float>]) {
    (self.shape, self.values) = (shape, values)
  }

  /// - Parameter arena: where the values were taken.
  init(_ shape: TensorShape, values: [AlignedBuffer<Float>], in arena: BufferArena) {
    (self.shape, self.values, self.arena) = (shape, values, arena)
  }
}

extension Activation {
  /// Lets what is planned from now on use the memory of the values.
  func releaseValues() {
    guard let arena else { return }
    values.forEach(arena.giveBack)
    self.arena = nil
  }

  /// Ends the life of the values behind the forward pass of the layer that is planned last, which can have them rebuilt.
  func makeTransient() {
    guard rebuild != nil, !isKept, arena != nil else { return }
    releaseValues()
    isTransient = true
  }

  /// Turns the memory of the values into that of their own gradient, to be released as such; for the layer behind.
  ///
  /// - Returns: false where it must be left alone.
  func useValuesForGradients() -> Bool {
    guard isConsumable, !isKept, arena != nil else { return false }
    gradients = values
    arena = nil
    return true
  }

  /// Ends the life of the values in the backward pass of the layer behind, where that may do so.
  func consume() {
    if isConsumable, !isKept { releaseValues() }
  }

  /// Keeps the values beyond the step.
  func outliveStep() { arena = nil }
}

/// What a layer reads of its input in backward: the values as they were in forward, or those of one shard after another
/// that are rebuilt into a buffer.
struct BackwardInput {
  private let input: Activation
  private let buffer: AlignedBuffer<Float>?

  /// To be made while backward is planned.
  init(_ input: Activation, _ workspace: Workspace) {
    self.input = input
    buffer = input.isTransient ? workspace.pool.take(input.shape.count) : nil
  }

  /// Where the values of a shard are after `prepare`.
  func values(_ shard: Int) -> AlignedBuffer<Float> { buffer ?? input.values[shard] }

  /// Brings the values of a shard there.
  func prepare(_ shard: Int) {
    if let buffer { input.rebuild?(shard, buffer.pointer) }
  }

  /// Lets what is planned from now on use the buffer.
  func release(_ workspace: Workspace) {
    if let buffer { workspace.pool.giveBack(buffer) }
  }
}
