internal import COneDNN
import Tensors

/// A weight in the layout that a primitive wants: the arena's own memory where that is plain, else a copy.
///
/// A copy that forward and backward share is kept and refreshed once a step. Others live only while their own primitive
/// runs: they are refreshed before it.
final class PackedWeight {
  let layout: MemoryDescriptor
  let address: UnsafeMutableRawPointer
  let isKept: Bool
  private let copy: AlignedBuffer<Float>?
  private let reorder: PreparedCall?

  /// - Parameter shape: the weight's shape as the primitive sees it; the spec's own if not given.
  /// - Parameter isKept: false for a copy to be released once the primitive's calls are planned.
  init(
    _ spec: ParameterSpec, shape: [Int]? = nil, layout: MemoryDescriptor, isKept: Bool, _ workspace: Workspace
  ) throws {
    (self.layout, self.isKept) = (layout, isKept)
    let values = try workspace.parameters.pointer(of: spec.name)
    let plain = try MemoryDescriptor.plain(shape ?? spec.shape)
    guard !layout.isSame(as: plain) else {
      address = .init(values)
      copy = nil
      reorder = nil
      return
    }
    let copy: AlignedBuffer<Float> = try isKept ? AlignedBuffer(layout.count) : workspace.pool.take(layout.count)
    (self.copy, address) = (copy, .init(copy.pointer))
    reorder = try PreparedCall(
      try Primitive.reorder(from: plain, to: layout), scratchpad: workspace.scratchpad,
      [(DNNL_ARG_FROM, plain, .init(values)), (DNNL_ARG_TO, layout, address)])
  }

  func refresh() throws { try reorder?.run() }

  /// Lets what is planned from now on use the memory of a copy that is not kept.
  func release(_ workspace: Workspace) {
    if let copy, !isKept { workspace.pool.giveBack(copy) }
  }
}

/// Turns a weight gradient from a primitive's layout into PyTorch's plain one.
final class Unpacker {
  let layout: MemoryDescriptor
  private let plain: MemoryDescriptor
  private let packed: AlignedBuffer<Float>?
  private let reorder: Primitive?

  /// - Parameter shape: the weight's shape as the primitive sees it.
  init(_ shape: [Int], layout: MemoryDescriptor, _ workspace: Workspace) throws {
    self.layout = layout
    plain = try MemoryDescriptor.plain(shape)
    let isPlain = layout.isSame(as: plain)
    packed = isPlain ? nil : try workspace.pool.take(layout.count)
    reorder = isPlain ? nil : try Primitive.reorder(from: layout, to: plain)
  }

  /// Where the primitive writes: `target` itself where the layouts agree.
  func address(for target: UnsafeMutablePointer<Float>) -> UnsafeMutableRawPointer {
    .init(packed?.pointer ?? target)
  }

  func call(to target: UnsafeMutablePointer<Float>, _ workspace: Workspace) throws -> PreparedCall? {
    guard let reorder, let packed else { return nil }
    return try PreparedCall(
      reorder, scratchpad: workspace.scratchpad,
      [(DNNL_ARG_FROM, layout, .init(packed.pointer)), (DNNL_ARG_TO, plain, .init(target))])
  }

  /// Lets later layers use the packed buffer; its content lives only within one layer's backward pass.
  func release(_ workspace: Workspace) {
    if let packed { workspace.pool.giveBack(packed) }
  }
}
