import DataParallel
import Datasets
import Diagnostics
import TwinNetwork

/// A batch whose loss was measured in evaluation mode: names its sample where the loss is no finite number.
struct EvaluatedBatch {
  let dataset: any Dataset
  let group: ShardGroup
  let samplesPerShard: Int

  /// Throws `AgreedFailure` of kind `.data` on all ranks unless the loss is finite. A collective in that case only: the
  /// loss is the same on all ranks.
  ///
  /// In evaluation mode no sample changes the embeddings of others, so the one with the largest embeddings is to blame.
  ///
  /// - Parameter sample: the data set's number of the sample at a place of the batch.
  func requireFinite(
    _ loss: LossValue, _ network: BarlowTwinsNetwork, at place: String, sample: (_ place: Int) -> Int
  ) throws {
    guard !loss.total.isFinite else { return }
    let own = worstRow(network)
    let communicator = group.communicator
    let worst = try communicator.maximum([Int64(own.magnitude.bitPattern)])[0]
    try communicator.together {
      guard Int64(own.magnitude.bitPattern) == worst else { return }
      let (row, size) = (own.row, dataset.sampleSize)
      let values = network.inputs[own.shard].elements[row * size..<(row + 1) * size]
      let index = sample((group.localShards.lowerBound + own.shard) * samplesPerShard + row % samplesPerShard)
      let largest = values.reduce(0) { max($0, abs($1)) }
      throw Failure(
        .data, "the loss of the validation is not a finite number",
        at: "\(dataset.place(of: index, view: min(row / samplesPerShard, dataset.viewsPerSample - 1))), in \(place)",
        expected: "finite embeddings of every sample",
        found: "embeddings of the sample that reach \(own.magnitude); its values reach \(largest)",
        remedy: UnusableSample.remedy(largest: largest))
    }
  }

  /// The row of this rank's shards whose embedding is the largest; what is not a number counts as infinite.
  private func worstRow(_ network: BarlowTwinsNetwork) -> (shard: Int, row: Int, magnitude: Float) {
    var worst: (shard: Int, row: Int, magnitude: Float) = (0, 0, 0)
    let features = network.projector.outputs
    for (shard, values) in network.embeddings.values.enumerated() {
      for row in 0..<2 * samplesPerShard {
        let magnitude = values.elements[row * features..<(row + 1) * features].reduce(Float(0)) {
          $1.isFinite ? max($0, abs($1)) : .infinity
        }
        if magnitude > worst.magnitude { worst = (shard, row, magnitude) }
      }
    }
    return worst
  }
}
