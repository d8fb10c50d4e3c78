import Datasets
import Training
import TwinNetwork

extension BarlowTwins {
  /// What nidl's `training_step` and `validation_step` return, for the whole batch on every rank.
  public struct StepOutput {
    /// Of the whole batch, with its two terms.
    public let loss: LossValue
    /// B × D, the projector's output for view 1.
    public let z1: FeatureMatrix
    /// The same for view 2.
    public let z2: FeatureMatrix
    /// The batch's labels, returned as they are.
    public let y: [Int32]?
  }

  /// Trains on one batch of given pairs: loss, gradient and the optimizer's update.
  ///
  /// Embeddings and loss are from before the update. Outside of `fit` the schedule counts a batch as an epoch. Batches of
  /// another size or shape plan the network anew and keep its state.
  ///
  /// - Parameter batch: the whole batch, the same on every rank: each computes its own shards.
  public func trainingStep(_ batch: any Dataset) throws -> StepOutput {
    let run = try session(for: batch)
    let loss = try run.train(on: batch).loss
    return try output(loss, run, batch)
  }

  /// The loss of one batch of given pairs with running statistics and without dropout; changes nothing.
  ///
  /// - Parameter batch: as for `trainingStep`. Before any training the parameters are the initial ones.
  public func validationStep(_ batch: any Dataset) throws -> StepOutput {
    let run = try session(for: batch)
    return try output(try run.evaluate(on: batch), run, batch)
  }

  /// A run whose network is planned for batches like this one.
  private func session(for batch: any Dataset) throws -> TrainingRun {
    if let run, run.batchSize == batch.count, run.sampleShape == batch.sampleShape { return run }
    var options = configuration
    options.batchSize = batch.count
    options.out = ""
    options.augment = "none"
    options.limitTrainBatches = .all
    options.removeMonitoring()
    let run = try TrainingRun(options, batch, encoder: makeEncoder, origin: origin, communicator)
    (self.run, loaded) = (run, nil)
    return run
  }

  private func output(_ loss: LossValue, _ run: TrainingRun, _ batch: any Dataset) throws -> StepOutput {
    let (z1, z2) = try run.gatherEmbeddings()
    let columns = run.network.embeddings.shape.channels
    return StepOutput(
      loss: loss, z1: FeatureMatrix(z1, columns: columns), z2: FeatureMatrix(z2, columns: columns), y: batch.labels)
  }
}
