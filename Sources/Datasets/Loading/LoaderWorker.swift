import Diagnostics
import Foundation
import Tensors

/// A thread of a loader: makes chunks until there are none.
final class LoaderWorker: Sendable {
  private let queue: LoaderQueue
  private let plan: BatchPlan
  private let maker: ViewMaker
  private let ring: LoaderRing
  private let workspace: AugmentationWorkspace

  init(_ queue: LoaderQueue, _ plan: BatchPlan, _ maker: ViewMaker, _ ring: LoaderRing) {
    (self.queue, self.plan, self.maker, self.ring) = (queue, plan, maker, ring)
    workspace = AugmentationWorkspace(shape: maker.augmentation.shape)
  }

  /// Starts the thread, which must be joined.
  func start() throws -> pthread_t {
    var thread = pthread_t()
    let box = Unmanaged.passRetained(self)
    let status = pthread_create(
      &thread, nil,
      { raw in
        if let raw { Unmanaged<LoaderWorker>.fromOpaque(raw).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
    if status != 0 {
      box.release()
      throw Failure(
        .usage, "cannot start a loader thread: \(String(cString: strerror(status)))", at: "--workers",
        remedy: "give fewer --workers, or raise the limit on processes (ulimit -u)")
    }
    return thread
  }

  private func run() {
    while let chunk = queue.claim() {
      do {
        try make(chunk)
        queue.complete(chunk, nil)
      } catch {
        queue.complete(chunk, error)
      }
    }
  }

  private func make(_ chunk: LoaderQueue.Chunk) throws {
    let epoch = plan.epoch(ofStep: chunk.step)
    for place in ring.places(ofChunk: chunk.chunk) {
      let sample = plan.sample(step: chunk.step, place: ring.localShards.lowerBound * plan.samplesPerShard + place)
      let (first, second) = ring.views(slot: chunk.slot, place: place)
      try maker.makeViews(of: sample, epoch: epoch, into: first, second, workspace)
    }
  }
}

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

  /// Errors: a `Failure(.usage)` when the host has not the memory.
  init(localShards: Range<Int>, samplesPerShard: Int, sampleSize: Int, depth: Int, workers: Int) throws {
    (self.localShards, self.samplesPerShard, self.sampleSize) = (localShards, samplesPerShard, sampleSize)
    let samples = localShards.count * samplesPerShard
    chunkSize = max(1, min(16, samples / (2 * workers)))
    chunks = (samples + chunkSize - 1) / chunkSize
    let bytes = SampleShape.product([2, samples, sampleSize, depth, MemoryLayout<Float>.stride])
    let memory = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    guard let bytes, memory <= 0 || bytes < memory else {
      throw Failure(
        .usage, "the batches that are loaded ahead do not fit into this host's memory", at: "--batch-size",
        expected: "at most \(memory >> 20) MiB", found: bytes.map { "\($0 >> 20) MiB a rank" },
        remedy: "give a smaller --batch-size, or start more ranks on more hosts")
    }
    slots = (0..<depth).map { _ in AlignedBuffer(2 * samples * sampleSize) }
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
