import Datasets
import Diagnostics
import Foundation
import Tensors

/// The memory of the steps that are made ahead: for each step, shard by shard, view 1's samples and then view 2's.
final class LoaderRing: Sendable {
  let localShards: Range<Int>
  /// Samples that a thread makes at a time.
  let chunkSize: Int
  let chunks: Int
  private let samplesPerShard: Int
  private let sampleSize: Int
  private let slots: [AlignedBuffer<Float>]

  /// Floats of both views of a shard.
  var shardSize: Int { 2 * samplesPerShard * sampleSize }

  /// Errors: a `Failure(.usage)` when the host does not have the memory.
  init(localShards: Range<Int>, samplesPerShard: Int, sampleSize: Int, depth: Int, workers: Int) throws {
    self.localShards = localShards
    self.samplesPerShard = samplesPerShard
    self.sampleSize = sampleSize
    let samples = localShards.count * samplesPerShard
    chunkSize = max(1, min(16, samples / (2 * workers)))
    chunks = (samples + chunkSize - 1) / chunkSize
    let bytes = Self.bytes(samples: samples, sampleSize: sampleSize, depth: depth)
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    guard let bytes, memory <= 0 || bytes < memory else {
      throw Failure(
        .usage, "the batches that are loaded ahead do not fit into this host's memory", at: "\(option: "batch-size")",
        expected: "at most \(SummaryText.bytes(memory))", found: bytes.map { "\(SummaryText.bytes($0)) a rank" },
        remedy: "give a smaller \(option: "batch-size"), or start more ranks on more hosts")
    }
    slots = try (0..<depth).map { _ in try AlignedBuffer(2, samples, sampleSize, for: .loader) }
  }

  /// Bytes for `samples` samples of all local shards, `depth` steps ahead; nil for more than an `Int` counts.
  static func bytes(samples: Int, sampleSize: Int, depth: Int) -> Int? {
    SampleShape.product([2, samples, sampleSize, depth, MemoryLayout<Float>.stride])
  }

  /// The samples of a chunk, counted over the local shards.
  func places(ofChunk chunk: Int) -> Range<Int> {
    chunk * chunkSize..<min((chunk + 1) * chunkSize, localShards.count * samplesPerShard)
  }

  /// Where the two views of the sample at a place go.
  func views(slot: Int, place: Int) -> (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
    let (shard, item) = place.quotientAndRemainder(dividingBy: samplesPerShard)
    let first = self.shard(slot: slot, shard) + item * sampleSize
    return (first, first + samplesPerShard * sampleSize)
  }

  /// The two views of local shard `shard`.
  func shard(slot: Int, _ shard: Int) -> UnsafeMutablePointer<Float> { slots[slot].pointer + shard * shardSize }
}
