import Tensors

/// Blocks of layers that keep nothing but their output: backward computes everything inside again, from the block's
/// input, before going through the block (gradient checkpointing; Chen et al. 2016, https://arxiv.org/abs/1604.06174).
///
/// What lies inside a block lies in the same memory for all blocks, since only one is at work at a time. The forward
/// pass of a block's layers is planned once and run twice a step: the second time batch norms take the statistics of
/// the first, so nothing is summed over the ranks again, and every number has the same bits.
final class Recomputation {
  /// For the inside of the blocks.
  let pool = BufferArena(for: .activations)
  /// Whether a block's forward pass runs for the second time.
  fileprivate(set) var isRepeating = false
  fileprivate var isInside = false
}

extension Workspace {
  /// Plans the forward pass of a block's inside with `body`.
  ///
  /// - Returns: what the body gives, and the block to be repeated in backward; nil where everything is kept.
  func planBlock<Result>(_ body: () throws -> Result) rethrows -> (Result, RecomputedBlock?) {
    guard let recomputation, isTraining, !recomputation.isInside else { return (try body(), nil) }
    recomputation.isInside = true
    let outside = pool
    usePool(recomputation.pool)
    defer {
      recomputation.isInside = false
      recomputation.pool.clear()
      usePool(outside)
    }
    return (try body(), RecomputedBlock(recomputation, self))
  }

  /// Whether activations that are planned now are inside a block whose forward pass is repeated.
  var isInsideRecomputedBlock: Bool { recomputation?.isInside == true }
}

/// A block's inside, gone after its forward pass.
struct RecomputedBlock {
  private let recomputation: Recomputation
  private unowned let workspace: Workspace

  fileprivate init(_ recomputation: Recomputation, _ workspace: Workspace) {
    (self.recomputation, self.workspace) = (recomputation, workspace)
  }

  /// Brings everything inside back, before the block's backward pass: runs the passes that were planned.
  func `repeat`(_ forward: () throws -> Void) throws {
    // It may still need what is inside the next block.
    try workspace.runPostponed()
    recomputation.isRepeating = true
    defer { recomputation.isRepeating = false }
    try forward()
  }
}
