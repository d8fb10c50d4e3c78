import Configuration
import Datasets
import Loading
import Views

/// What a run's plan depends on of its data.
struct RunData {
  let samples: Int
  /// nil without validation data.
  let validationSamples: Int?
  /// The augmentation where it is left to the program and the values decide it.
  private let recipe: Augmentation.DataRecipe?

  /// Reads some samples where the configuration leaves the augmentation to the program.
  init(_ dataset: any Dataset, validation: (any Dataset)?, _ configuration: TrainingConfiguration) throws {
    samples = dataset.count
    validationSamples = validation?.count
    let isOpen = configuration.augment == TrainingConfiguration.automaticAugment
    recipe = isOpen ? try Augmentation.automatic(for: dataset) : nil
  }

  /// The plan of a run on these data, with everything decided that the configuration leaves open.
  ///
  /// - Parameter ranks: remedies name numbers of shards that they can share.
  func plan(_ configuration: TrainingConfiguration, shards: Int, ranks: Int) throws -> TrainingPlan {
    var decided = configuration
    var choices: [AutomaticChoice] = []
    if let recipe, configuration.augment == TrainingConfiguration.automaticAugment {
      decided.augment = recipe.recipe
      choices.append(AutomaticChoice("augment", recipe.recipe, because: recipe.reason))
    }
    return try TrainingPlan(
      decided, shards: shards, samples: samples, validationSamples: validationSamples, ranks: ranks,
      choices: choices)
  }
}
