import Diagnostics
import Host
import Views

/// A thread of a loader: makes chunks until there are none.
final class LoaderWorker: Sendable {
  private let queue: LoaderQueue
  private let plan: BatchPlan
  private let maker: ViewMaker
  private let ring: LoaderRing
  private let workspace: AugmentationWorkspace

  init(_ queue: LoaderQueue, _ plan: BatchPlan, _ maker: ViewMaker, _ ring: LoaderRing) {
    self.queue = queue
    self.plan = plan
    self.maker = maker
    self.ring = ring
    workspace = AugmentationWorkspace(shape: maker.augmentation.shape)
  }

  /// Starts the thread, which must be joined.
  func start() throws(Failure) -> WorkerThread { try WorkerThread(to: "load data") { self.run() } }

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
