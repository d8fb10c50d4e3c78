import Layers
import Tensors

/// Sums gradients over the ranks bucket by bucket, as backward completes them.
///
/// Gradients lie in the arena in the order in which they are completed, so a bucket is the range between two marks.
public final class GradientBuckets {
  /// Floats of a bucket: 4 MB, which was measured best on shared memory (smaller ones cost latency, larger ones the
  /// cache).
  public static let bucketSize = 1 << 20

  private let gradients: AlignedBuffer<Float>
  private let group: ShardGroup
  private var reduced = 0

  public init(_ gradients: AlignedBuffer<Float>, _ group: ShardGroup) {
    (self.gradients, self.group) = (gradients, group)
  }

  /// All gradients below arena offset `end` are complete on this rank. A collective.
  public func completed(_ end: Int) throws {
    if end - reduced >= Self.bucketSize { try reduce(to: end) }
  }

  /// Sums what is left; afterwards all gradients are those of the global batch. A collective.
  public func finish() throws {
    try reduce(to: gradients.count)
    reduced = 0
  }

  private func reduce(to end: Int) throws {
    try group.sumOverRanks(gradients.pointer + reduced, count: end - reduced)
    reduced = end
  }
}
