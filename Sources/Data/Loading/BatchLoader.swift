import Datasets
import Diagnostics
import Foundation
import Host
import Tensors
import Views

/// What `BatchLoader.next` has loaded.
package struct LoadedBatch: Sendable, Equatable {
  /// Counted from 0 over the whole run.
  package var step: Int
  /// How long the caller waited for the data.
  package var waitMilliseconds: Double
}

/// Loads the shards of a rank, two views a sample, on its own threads and some steps ahead.
///
/// What it gives is a function of the data set, the augmentation and the plan: not of the number of threads, of ranks,
/// or of the step that it begins with. Allocates its memory at the start, `depth` steps of it. For one consumer:
/// `next` is not called from two threads at once.
package final class BatchLoader {
  /// Steps that are loaded ahead unless another number is asked for.
  package static let depth = 4

  package let plan: BatchPlan
  /// The consecutive shards of the batch that this rank has.
  package let localShards: Range<Int>

  private let queue: LoaderQueue
  private let ring: LoaderRing
  private var threads: [WorkerThread] = []

  /// Begins to load `steps` (absolute numbers; `from..<Int.max` when the end is not known).
  ///
  /// - Parameter purpose: that of the random numbers of the augmentation.
  ///
  /// Errors: `Failure(.usage)` for impossible numbers of workers and batches that do not fit into memory,
  /// `Failure(.defect)` for a plan or augmentation that was made for other data.
  package init(
    dataset: any Dataset, plan: BatchPlan, augmentation: Augmentation, purpose: RandomPurpose = .augmentation,
    localShards: Range<Int>, steps: Range<Int>, workers: Int = 1, depth: Int = BatchLoader.depth
  ) throws {
    guard workers >= 1, workers <= 256 else {
      throw Failure(
        .usage, "an impossible number of loader threads", at: "\(option: "workers")", expected: "1 to 256",
        found: "\(workers)")
    }
    guard plan.order.count == dataset.count, augmentation.shape == dataset.sampleShape, depth >= 1,
      !localShards.isEmpty, localShards.lowerBound >= 0, localShards.upperBound <= plan.shards, steps.lowerBound >= 0
    else {
      throw Failure(
        .defect, "the loader's arguments do not belong together", at: dataset.name,
        expected: "\(dataset.count.counted("sample")) of \(dataset.sampleShape), shards within 0..<\(plan.shards)",
        found:
          "\(plan.order.count.counted("sample")) of \(augmentation.shape), shards \(localShards), steps \(steps), depth \(depth)"
      )
    }
    (self.plan, self.localShards) = (plan, localShards)
    let maker = ViewMaker(dataset: dataset, augmentation: augmentation, seed: plan.order.seed, purpose: purpose)
    ring = try LoaderRing(
      localShards: localShards, samplesPerShard: plan.samplesPerShard, sampleSize: dataset.sampleSize, depth: depth,
      workers: workers)
    queue = LoaderQueue(steps: steps, depth: depth, chunks: ring.chunks)
    do {
      for _ in 0..<workers { threads.append(try LoaderWorker(queue, plan, maker, ring).start()) }
    } catch {
      stop()
      throw error
    }
  }

  deinit { stop() }

  /// Bytes that a loader of `steps` steps comes to use, for `samples` samples of all local shards.
  package static func bytes(
    samples: Int, augmentation: Augmentation, steps: Int, workers: Int, depth: Int = BatchLoader.depth
  ) -> Int {
    let sampleSize = augmentation.shape.reduce(1, *)
    // No host has more than an Int can count.
    let ring = LoaderRing.bytes(samples: samples, sampleSize: sampleSize, depth: min(depth, steps)) ?? 1 << 60
    return ring + (augmentation.isIdentity ? 0 : workers * sampleSize * MemoryLayout<Float>.stride)
  }

  /// Floats that each of the buffers for `next` holds: both views of a shard.
  package var shardSize: Int { ring.shardSize }

  /// Waits for the next step and copies it: for each local shard its view 1, B/S samples flat in C order, and then its
  /// view 2.
  ///
  /// `buffers` has one buffer of `shardSize` floats for each local shard. Errors: what reading a sample threw, at the
  /// step that needs it (the first in the batch, if several cannot be read) and at every later call; `Failure(.defect)`
  /// after the last step, after `stop` and for buffers of other sizes.
  package func next(into buffers: [AlignedBuffer<Float>]) throws -> LoadedBatch {
    guard buffers.count == localShards.count, buffers.allSatisfy({ $0.count == shardSize }) else {
      throw Failure(
        .defect, "the buffers do not match the local shards",
        expected: "\(localShards.count) of \(shardSize) floats", found: "\(buffers.map(\.count))")
    }
    let start = monotonicSeconds()
    let (step, slot) = try queue.waitForStep()
    let waited = 1e3 * (monotonicSeconds() - start)
    for (shard, buffer) in buffers.enumerated() {
      memcpy(buffer.pointer, ring.shard(slot: slot, shard), buffer.bytes)
    }
    queue.release()
    return LoadedBatch(step: step, waitMilliseconds: waited)
  }

  /// The samples of a step's whole batch, shard by shard.
  package func sampleNumbers(step: Int) -> [Int] { plan.sampleNumbers(step: step) }

  /// Ends the threads and waits for them: at most for the 16 samples that each is making. Can be called
  /// again.
  package func stop() {
    queue.stop()
    for thread in threads { thread.join() }
    threads = []
  }
}
