import Diagnostics
import Foundation
import Views

/// A thread of a loader: makes chunks until there are none.
final class LoaderWorker: Sendable {
  private let queue: LoaderQueue
  private let plan: BatchPlan
  private let maker: ViewMaker
  private let ring: LoaderRing
  private let workspace: AugmentationWorkspace

  init(_ queue: LoaderQueue, _ plan: BatchPlan, _ maker: ViewMaker, _ ring: LoaderRing) throws {
    self.queue = queue
    self.plan = plan
    self.maker = maker
    self.ring = ring
    workspace = try AugmentationWorkspace(shape: maker.augmentation.shape)
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
        .usage, "cannot start a loader thread: \(String(cString: strerror(status)))", at: "\(option: "workers")",
        remedy: "give fewer \(option: "workers"), or raise the limit on processes (ulimit -u)")
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
