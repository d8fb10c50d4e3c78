import DataParallel
import Datasets
import Foundation
import Loading
import RunRecord
import Tensors
import Views

/// Finds out what a bad step's batch was, after the step: its samples, the tensors affected, the samples to suspect.
///
/// Nothing here is planned before the first step: a bad step may allocate.
struct BadBatchFinder {
  /// Samples that are named as suspects.
  static let suspects = 5

  private let plan: TrainingPlan
  private let group: ShardGroup
  private let parameters: ParameterArena
  private let statistics: ParameterArena
  /// The running statistics that a bad step left.
  private let badStatistics: AlignedBuffer<Float>
  private let dataset: any Dataset
  private let augmentation: Augmentation

  init(_ parts: TrainingParts) {
    plan = parts.plan
    group = parts.group
    parameters = parts.network.state.parameters
    (statistics, badStatistics) = (parts.network.state.statistics, parts.globalStep.otherStatistics)
    (dataset, augmentation) = (parts.dataset, parts.augmentation)
  }

  /// - Parameter step: steps done before the bad one.
  /// - Parameter bad: what was found in it; the gradients must still be those of the step. A collective.
  func describe(_ outcome: GlobalStep.Outcome, _ bad: BadNumber, step: Int) throws -> BadBatch {
    let (loss, batches) = (outcome.loss, plan.batches)
    let (samples, rows) = (batches.sampleNumbers(step: step), batches.samplesPerShard)
    let perRank = group.shards / group.communicator.size
    let largest = try largestInputs(step: step)
    let order = largest.indices.sorted { (largest[$0], $1) > (largest[$1], $0) }
    let suspects = order.prefix(Self.suspects).map { place in
      BadBatch.Suspect(
        sample: samples[place], shard: place / rows, rank: place / rows / perRank, largestInput: largest[place])
    }
    let shards = (0..<group.shards).map { shard in
      BadBatch.Shard(
        shard: shard, rank: shard / perRank, samples: Array(samples[shard * rows..<(shard + 1) * rows]))
    }
    let out = plan.configuration.out
    let folder = out.isEmpty ? "" : URL(fileURLWithPath: out).standardizedFileURL.path
    var batch = BadBatch(
      runFolder: folder, step: step + 1, onBadLoss: plan.configuration.onBadLoss.rawValue, notFinite: bad)
    batch.loss = loss.total
    batch.lossInvariance = loss.invariance
    batch.lossRedundancy = loss.redundancy
    batch.gradNorm = outcome.gradientNorm
    batch.learningRate = outcome.learningRate
    batch.gradients = badTensors(parameters.layout, parameters.gradients)
    batch.statistics = badTensors(statistics.layout, badStatistics)
    batch.suspects = suspects
    batch.shards = shards
    return batch
  }

  /// Names of the tensors that hold a number that is not finite.
  private func badTensors(_ layout: ParameterLayout, _ values: AlignedBuffer<Float>) -> [String] {
    layout.entries.filter { entry in values.elements[entry.range].contains { !$0.isFinite } }.map(\.name)
  }

  /// The largest magnitude of each sample's two views, for all samples of the batch in its order; what is not a number
  /// counts as infinite. A collective.
  ///
  /// The views are made once more: where the network had them there may be other numbers by now.
  private func largestInputs(step: Int) throws -> [Float] {
    let (batches, rows) = (plan.batches, plan.batches.samplesPerShard)
    let maker = ViewMaker(dataset: dataset, augmentation: augmentation, seed: batches.order.seed)
    let all = try AlignedBuffer<Float>(batches.batchSize)
    let views = try AlignedBuffer<Float>(2, maker.sampleSize)
    let workspace = try AugmentationWorkspace(shape: augmentation.shape)
    try group.communicator.together {
      for place in group.localShards.lowerBound * rows..<group.localShards.upperBound * rows {
        try maker.makeViews(
          of: batches.sample(step: step, place: place), epoch: batches.epoch(ofStep: step), into: views.pointer,
          views.pointer + maker.sampleSize, workspace)
        all.pointer[place] = views.elements.reduce(0) { $1.isNaN ? .infinity : max($0, abs($1)) }
      }
    }
    try group.gather(all.pointer, countPerShard: rows, at: "gather of the largest inputs")
    return Array(all.elements)
  }
}
