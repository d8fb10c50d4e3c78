import Diagnostics
import Tensors

/// What flows between two layers: one tensor for each local shard, and room for its gradient.
///
/// In training a shard's samples are its b samples of view 1 and then its b samples of view 2.
public final class Activation {
  /// The shape of one shard's tensor.
  public let shape: TensorShape
  /// One buffer for each local shard, of `shape.floats`: its numbers, or as `bfloat16` those of `shape.element`. Layers
  /// that do not say `takesBFloat16` only ever get float32.
  public let values: [AlignedBuffer<Float>]
  /// ∂L/∂values, one buffer for each local shard; set while backward passes are planned. Gradient buffers are shared
  /// between activations whose gradients do not live at the same time.
  public var gradients: [AlignedBuffer<Float>] = []
  /// Whether the values are needed after the next layer's forward pass by somebody else: then that layer must not work
  /// in place. Set while forward passes are planned.
  public var isKept = false

  public init(_ shape: TensorShape, values: [AlignedBuffer<Float>]) {
    (self.shape, self.values) = (shape, values)
  }
}

/// Hands out gradient and scratch buffers while passes are planned, and takes them back for later use in the plan.
final class BufferPool {
  private var free: [Int: [AlignedBuffer<Float>]] = [:]
  private(set) var bytes = 0

  /// The smallest free buffer that is large enough (dense blocks ask for a little less each time), or a new one.
  func take(_ count: Int) -> AlignedBuffer<Float> {
    let fitting = free.filter { $0.key >= count && !$0.value.isEmpty }.keys.min()
    if let fitting, let buffer = free[fitting]?.popLast() {
      return fitting == count ? buffer : AlignedBuffer(beginningOf: buffer, count: count)
    }
    let buffer = AlignedBuffer<Float>(count, for: .activationGradients)
    bytes += buffer.bytes
    return buffer
  }

  func giveBack(_ buffers: [AlignedBuffer<Float>]) {
    for buffer in buffers {
      let whole = buffer.owner ?? buffer
      free[whole.count, default: []].append(whole)
    }
  }
}
