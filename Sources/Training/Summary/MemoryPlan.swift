import DataParallel
import Datasets
import Tensors

/// What a rank will have in memory at its peak, item by item, once the network is planned and before its first step.
///
/// Not a formula of the network: every buffer that the plan made is counted as it was allocated (`MemoryLedger`), touched
/// or not; what the loop makes later says its size itself; and what the process has beside its buffers, libraries and
/// compiled kernels above all, is measured. What libraries still allocate at their first use is left out: some MiB.
package struct MemoryPlan: Equatable, Sendable {
  package let items: [MemoryItem]
  package var total: Int { items.reduce(0) { $0 + $1.bytes } }

  /// - Parameter buffers: bytes of the live buffers for each use.
  /// - Parameter later: bytes for each use that are still to be allocated.
  /// - Parameter beside: bytes of the process beside its buffers.
  package init(buffers: [MemoryUse: Int], later: [MemoryUse: Int], beside: Int) {
    let planned = MemoryUse.allCases.map { MemoryItem($0.text, buffers[$0, default: 0] + later[$0, default: 0]) }
    items = planned.filter { $0.bytes > 0 } + [MemoryItem("program, libraries, MPI", beside)]
  }

  /// nil where the system does not tell what a process has.
  init?(_ parts: TrainingParts) {
    guard let beside = parts.bytesBesideBuffers else { return nil }
    self.init(
      buffers: MemoryLedger.process.bytes,
      later: [.loader: parts.loaderBytes, .communication: parts.group.gradientSumBytes],
      beside: beside)
  }
}

extension TrainingParts {
  /// Of the loaders for training and for validation, which live at the same time.
  fileprivate var loaderBytes: Int {
    let workers = plan.configuration.workers
    let samples = group.localShards.count * plan.batches.samplesPerShard
    let training = BatchLoader.bytes(
      samples: samples, augmentation: augmentation, steps: max(0, plan.lastStep - state.step), workers: workers)
    let validating = validation.map {
      BatchLoader.bytes(
        samples: samples, augmentation: $0.augmentation, steps: $0.plan.batches.stepsPerEpoch, workers: workers,
        depth: ValidationSet.depth)
    }
    return training + (validating ?? 0)
  }
}
