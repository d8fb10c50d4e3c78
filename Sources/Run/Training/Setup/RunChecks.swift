import Configuration
import Datasets
import Diagnostics
import Loading
import RunRecord
import Views

/// Checks of options and data together, before anything is planned or written, so that all that is wrong is said at once.
///
/// What they look at is checked again where it is used; what takes a plan of the network is found only there.
package struct RunChecks {
  private let configuration: TrainingConfiguration
  private let dataset: any Dataset
  private let validation: (any Dataset)?
  private let makeEncoder: EncoderMaker?
  private let ranks: Int
  /// Options of which enough is said already.
  private let rejected: Set<String>

  init(
    _ configuration: TrainingConfiguration, _ dataset: any Dataset, validation: (any Dataset)?,
    encoder makeEncoder: EncoderMaker? = nil, ranks: Int, except rejected: Set<String> = []
  ) {
    self.configuration = configuration
    self.dataset = dataset
    self.validation = validation
    self.makeEncoder = makeEncoder
    self.ranks = ranks
    self.rejected = rejected
  }

  /// Opens the data that the configuration names, and collects what is wrong with them, also together with options where
  /// something is wrong already.
  ///
  /// - Returns: gives the data if there was no problem.
  package static func openData(
    _ configuration: TrainingConfiguration, ranks: Int, except rejected: Set<String> = [],
    _ problems: inout FailureCollector
  ) -> () throws -> (any Dataset, (any Dataset)?) {
    func open(_ option: String, _ spec: String?) -> (any Dataset)? {
      guard let spec, !rejected.contains(option) else { return nil }
      return problems.attempt { try DataSpec.open(spec) }
    }
    let dataset = open("data", configuration.data)
    let validation = open("val-data", configuration.validationSpec)
    if let dataset, !problems.isEmpty {
      let checks = RunChecks(configuration, dataset, validation: validation, ranks: ranks, except: rejected)
      checks.run(&problems)
      if isNew(configuration, nil) { checks.checkNewRun(&problems) }
    }
    return {
      guard let dataset else { throw Failure(.defect, "the data are missing, and nothing was said of it") }
      return (dataset, validation)
    }
  }

  /// Whether no earlier start has decided what is left open. Rank 0 asks.
  static func isNew(_ configuration: TrainingConfiguration, _ origin: RunOrigin?) -> Bool {
    guard configuration.resume != .never else { return true }
    guard configuration.resume == .auto, origin?.run == nil else { return false }
    return configuration.out.isEmpty || CheckpointStore(runFolder: configuration.out, keep: 1).names().isEmpty
  }

  /// What holds for new and for resumed runs.
  func run(_ problems: inout FailureCollector) {
    attempt(["encoder", "encoder-kwargs", "layers", "mlp-hidden", "n-embedding", "proj-input-dim", "width"], &problems)
    {
      let network = ConfiguredNetwork(configuration, sampleShape: dataset.sampleShape, encoder: makeEncoder)
      _ = try network.encoder().inputShape(samples: 2, dataset.sampleShape)
    }
    if configuration.augment != TrainingConfiguration.automaticAugment {
      attempt(["augment"], &problems) {
        _ = try Augmentation.parse(
          configuration.augment, shape: dataset.sampleShape, viewsPerSample: dataset.viewsPerSample)
      }
    }
    guard let validation else { return }
    attempt([], &problems) {
      try ValidationSet.check(validation, trained: dataset)
      if let recipe = configuration.valAugment, !rejected.contains("val-augment") {
        _ = try Augmentation.parse(
          recipe, shape: validation.sampleShape, viewsPerSample: validation.viewsPerSample)
      }
    }
  }

  /// What an earlier start has decided for a resumed run: batch and shards, with this number of ranks and these data.
  func checkNewRun(_ problems: inout FailureCollector) {
    let shards = configuration.shards ?? ranks
    var own = FailureCollector()
    // Shards that were given and do not divide the batch are wrong without data or ranks too, and that is said there.
    let isSplitSaid = configuration.shards != nil && (try? configuration.validate(shards: shards)) == nil
    if !isSplitSaid { attempt(["batch-size", "shards"], &own) { try checkSplit(shards) } }
    if !rejected.contains("batch-size") {
      configuration.checkBatch(samples: dataset.count, validationSamples: validation?.count, &own)
    }
    if own.isEmpty, !isSplitSaid {
      let options: Set = [
        "batch-size", "shards", "max-epochs", "max-steps", "limit-train-batches", "limit-val-batches",
        "val-check-interval", "check-val-every-n-epoch",
      ]
      attempt(options, &own) {
        _ = try TrainingPlan(
          configuration, shards: shards, samples: dataset.count, validationSamples: validation?.count)
      }
    }
    for failure in own.failures { problems.add(failure) }
  }

  private func checkSplit(_ shards: Int) throws {
    var split = BatchSplit(batchSize: configuration.batchSize, shards: shards)
    split.areShardsGiven = configuration.shards != nil
    split.ranks = ranks
    split.samples = dataset.count
    if let failure = split.failure(at: "\(option: "batch-size"), \(option: "shards")") { throw failure }
  }

  /// A check that looks at these options.
  private func attempt(_ options: Set<String>, _ problems: inout FailureCollector, _ check: () throws -> Void) {
    if rejected.isDisjoint(with: options) { problems.attempt(check) }
  }
}
