import MPI
import Tensors

/// Sums gradients over the ranks bucket by bucket, as backward completes them and in parallel with the rest of it.
///
/// Gradients lie in the arena in the order in which they are completed: a bucket is the next `bucketSize` of them. A
/// bucket's sum is begun when its last gradient is there, and moves on whenever backward has done a layer or waits for
/// another rank. No thread of its own: on cores that are all busy computing, it would only take time from them.
final class GradientBuckets {
  /// Floats of a bucket: 4 MB (smaller ones cost latency, larger ones leave the cache).
  static let bucketSize = 1 << 20
  /// Buckets whose sums are under way at the same time.
  private static let limit = 4

  private let arena: ParameterArena
  private let communicator: Communicator
  /// What is waited for while a bucket is the first that is not done.
  private let places: [String]
  /// The sums under way are those of buckets `done..<begun`; bucket i uses sum i % limit.
  private let sums: [RankSum<Float>]
  private var (done, begun) = (0, 0)
  /// Arena offset below which all gradients are complete on this rank.
  private var completed = 0

  init(_ arena: ParameterArena, _ communicator: Communicator, _ reduction: Reduction) throws {
    self.arena = arena
    self.communicator = communicator
    places = stride(from: 0, to: arena.gradients.count, by: Self.bucketSize).map { start in
      let first = arena.layout.entries.first { $0.range.upperBound > start }
      return "sum of the gradients from \(first?.name ?? "?") on"
    }
    sums = try (0..<Self.limit).map { _ in try RankSum(communicator, reduction, .background) }
  }

  /// Bytes that the sums allocate when they are first used.
  var bytes: Int {
    guard communicator.size > 1, communicator.size.nonzeroBitCount == 1 else { return 0 }
    return sums.indices.reduce(0) { bytes, index in
      let count = min(Self.bucketSize, gradients.count - index * Self.bucketSize)
      guard count > 0 else { return bytes }
      let first = ReductionTree.exchange(0, rank: communicator.rank, ranks: communicator.size, count: count)
      return bytes + first.receive.count * MemoryLayout<Float>.stride
    }
  }

  private var gradients: UnsafeMutableBufferPointer<Float> { arena.gradients.elements }

  /// All gradients below arena offset `end` are complete on this rank; called by backward after each layer.
  func completed(_ end: Int) throws {
    completed = end
    guard communicator.size > 1 else { return }
    try communicator.timed { try advance() }
  }

  /// Waits until all gradients are those of the global batch.
  func finish() throws {
    completed = gradients.count
    try communicator.wait {
      try advance()
      guard done < places.count else { return try sums.allSatisfy { try $0.isQuiet } }
      communicator.position.place = places[done]
      return false
    }
    done = 0
    begun = 0
    completed = 0
  }

  /// Moves on the sums under way and begins those that can be begun, without waiting.
  func advance() throws {
    while true {
      for bucket in done..<begun where try sums[bucket % Self.limit].advance() && bucket == done { done += 1 }
      let start = begun * Self.bucketSize
      let end = min(start + Self.bucketSize, gradients.count)
      guard begun < done + Self.limit, start < end, completed >= end else { return }
      try sums[begun % Self.limit].begin(
        UnsafeMutableBufferPointer(rebasing: gradients[start..<end]), number: begun % 256)
      begun += 1
    }
  }
}
