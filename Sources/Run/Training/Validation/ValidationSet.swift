import Configuration
import Datasets
import Diagnostics
import Loading
import Views

/// The data that a run validates on, and how views are made of them.
struct ValidationSet {
  /// Batches that are loaded ahead.
  static let depth = 2

  let dataset: any Dataset
  let augmentation: Augmentation
  let plan: ValidationPlan

  /// - Parameter trained: the data that the network was planned for.
  /// - Throws: a usage failure for samples of another shape, and for a recipe that does not fit them.
  init(
    _ dataset: any Dataset, _ plan: ValidationPlan, _ configuration: TrainingConfiguration, trained: any Dataset
  ) throws {
    try Self.check(dataset, trained: trained)
    augmentation = try Self.augmentation(of: dataset, configuration)
    (self.dataset, self.plan) = (dataset, plan)
  }

  /// Throws a usage failure for samples of another shape than those that are trained on.
  static func check(_ dataset: any Dataset, trained: any Dataset) throws {
    guard dataset.sampleShape == trained.sampleShape else {
      throw Failure(
        .usage, "the validation samples have another shape than those that are trained on", at: "\(option: "val-data")",
        expected: "samples of \(trained.sampleShape)", found: "\(dataset.sampleShape)",
        remedy: "give data of the same shape, or leave \(option: "val-data") out")
    }
  }

  /// - Throws: a usage failure for a recipe that does not fit the samples.
  static func augmentation(of dataset: any Dataset, _ configuration: TrainingConfiguration) throws -> Augmentation {
    try Augmentation.parse(
      configuration.valAugment ?? configuration.augment, shape: dataset.sampleShape,
      viewsPerSample: dataset.viewsPerSample)
  }

  /// Begins to load the first `batches` batches: the same views whenever it is called.
  func makeLoader(batches: Int, localShards: Range<Int>, workers: Int) throws -> BatchLoader {
    try BatchLoader(
      dataset: dataset, plan: plan.batches, augmentation: augmentation, purpose: .validation, localShards: localShards,
      steps: 0..<batches, workers: workers, depth: Self.depth)
  }
}
