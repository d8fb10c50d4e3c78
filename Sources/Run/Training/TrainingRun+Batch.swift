import DataParallel
import Datasets
import Diagnostics
import Tensors
import TwinNetwork

/// Steps on batches that a program gives, outside the training loop.
extension TrainingRun {
  /// Samples of a batch.
  package var batchSize: Int { plan.batches.batchSize }

  /// One optimizer step on a batch of given pairs, at the schedule's rate. A collective.
  ///
  /// - Throws: `AgreedFailure` of kind `.data` if the loss or the gradient is not finite; all is then as before.
  package func train(on batch: any Dataset) throws -> GlobalStep.Outcome {
    try fill(batch)
    let outcome = try parts.globalStep.run(step: step)
    if let bad = outcome.badNumber {
      throw AgreedFailure(bad.failure(loss: outcome.loss, gradientNorm: outcome.gradientNorm, step: step + 1))
    }
    state.advance(outcome.loss)
    // It belongs to no epoch whose mean anyone asks for.
    state.epochLoss = nil
    return outcome
  }

  /// The loss of a batch of given pairs in evaluation mode, which changes nothing. A collective.
  package func evaluate(on batch: any Dataset) throws -> LossValue {
    try fill(batch)
    return try network.evaluate()
  }

  /// Reads the samples of this rank's shards, in the batch's order.
  private func fill(_ batch: any Dataset) throws {
    let rows = plan.batches.samplesPerShard
    try communicator.together {
      guard batch.count == batchSize, batch.viewsPerSample == 2, batch.sampleShape == sampleShape else {
        throw Failure(
          .usage, "the batch does not fit the network", at: batch.name,
          expected: "\(batchSize) pairs of \(sampleShape)", found: batch.summary)
      }
      for (input, shard) in zip(network.inputs, parts.group.localShards) {
        let samples = shard * rows..<(shard + 1) * rows
        for view in 0..<2 {
          try batch.readRange(samples, view: view, into: input.pointer + view * rows * batch.sampleSize)
        }
      }
    }
  }

  /// z1 and z2 of the whole batch, B × D each, in the batch's order, on every rank. A collective.
  package func gatherEmbeddings() throws -> (AlignedBuffer<Float>, AlignedBuffer<Float>) {
    let (z, group) = (network.embeddings, parts.group)
    let half = z.shape.count / 2
    let views = (try AlignedBuffer<Float>(half, group.shards), try AlignedBuffer<Float>(half, group.shards))
    for (values, shard) in zip(z.values, group.localShards) {
      (views.0.pointer + shard * half).update(from: values.pointer, count: half)
      (views.1.pointer + shard * half).update(from: values.pointer + half, count: half)
    }
    for view in [views.0, views.1] { try group.gather(view.pointer, countPerShard: half, at: "gather of embeddings") }
    return views
  }
}
