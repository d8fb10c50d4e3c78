import Host
import Loading
import MPI
import Planning
import Tensors

/// The memory of a run whose parts have been made.
extension MemoryForecast {
  /// A collective; nil on all ranks where one of them does not know.
  init?(_ parts: TrainingParts, _ communicator: Communicator) throws {
    let plan = MemoryPlan(parts)
    let own = plan.map {
      RankMemory(
        needed: $0.total, resident: ProcessMemory.resident ?? 0, available: ProcessMemory.availableOnHost,
        limit: .current(), buffers: $0.buffers, ceiling: .ceiling)
    }
    let ranks = try communicator.allGather(own?.text ?? "").map(RankMemory.init(text:))
    let known = ranks.compactMap { $0 }
    guard let plan, known.count == ranks.count else { return nil }
    self.init(plan, ranks: known, hosts: communicator.hosts)
  }
}

extension MemoryPlan {
  /// nil where the system does not say what a process has.
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
