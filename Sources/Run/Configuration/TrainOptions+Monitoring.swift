import CommandLine

extension TrainingConfiguration {
  static let validationOptions: Options = [
    OptionDefinition(
      "val-data", \.valData, .optional(.text("SPEC"), or: "none"),
      """
      Data on which the loss is measured and that are not trained on, given as in --data. Only whole batches of \
      --batch-size count, in the data's order.
      """, synonyms: ["validation-data", "val", "validation", "valid-data", "val-dataset"]),
    OptionDefinition(
      "val-augment", \.valAugment, .optional(.text("RECIPE"), or: "same"),
      "How the two views of validation samples are made. They are the same views at every validation.",
      defaultText: "that of --augment", synonyms: ["val-augmentation", "val-transform"]),
    OptionDefinition(
      "limit-val-batches", \.limitValBatches, .batches(orNone: true),
      "Takes only this many batches of the validation data, or this part of them; 0 leaves validation out."),
    OptionDefinition(
      "check-val-every-n-epoch", \.checkValEveryNEpoch, .optional(.integer(atLeast: 1), or: "none"),
      "Validates only in every N-th epoch; none counts --val-check-interval over all epochs.",
      synonyms: ["check-val-every-n-epochs"]),
    OptionDefinition(
      "val-check-interval", \.valCheckInterval, .batches(orNone: false),
      "Validates after this many batches of an epoch, or after this part of them.", synonyms: ["val-interval"]),
    OptionDefinition(
      "num-sanity-val-steps", \.numSanityValSteps, .integer(atLeast: -1),
      """
      Validation batches that are tried before the first step of a new run, to find errors in them early; -1 tries all. \
      Their loss is not recorded.
      """, onResume: .mayChange),
    OptionDefinition(
      "early-stopping", \.earlyStopping, .optional(.choice("METRIC"), or: "none"),
      """
      Ends the run when this metric has stopped getting better: \(metrics(ofValidation: true)), looked at after each \
      validation; or \(metrics(ofValidation: false)), the mean of an epoch, at its end.
      """, synonyms: ["early-stop", "early-stopping-metric", "early-stopping-monitor"], onResume: .mayChange),
    OptionDefinition(
      "early-stopping-patience", \.earlyStoppingPatience, .integer(atLeast: 0),
      """
      After how many times in a row that the metric is no better than its best the run ends; 0 and 1 both end it at the \
      first.
      """, synonyms: ["patience"], onResume: .mayChange),
    OptionDefinition(
      "early-stopping-min-delta", \.earlyStoppingMinDelta, .number(atLeast: 0),
      "A value counts as better if it is better by more than this.", synonyms: ["min-delta"], onResume: .mayChange),
    OptionDefinition(
      "early-stopping-mode", \.earlyStoppingMode, .choice, "Whether smaller or greater values are better.",
      onResume: .mayChange),
  ]

  static let bestCheckpointOptions: Options = [
    OptionDefinition(
      "save-top-k", \.saveTopK, .integer(atLeast: -1),
      """
      Also keeps the K checkpoints with the best value of --monitor, saving one whenever a value is among them; -1 \
      keeps all. checkpoints/best.json names them.
      """, synonyms: ["top-k", "best-k"], onResume: .mayChange),
    OptionDefinition(
      "monitor", \.monitor, .choice("METRIC"), "The metric of the best checkpoints, as in --early-stopping.",
      onResume: .mayChange),
    OptionDefinition(
      "monitor-mode", \.monitorMode, .choice, "Whether smaller or greater values of --monitor are better.",
      onResume: .mayChange),
  ]

  static let loggingOptions: Options = [
    OptionDefinition(
      "log-every-n-steps", \.logEveryNSteps, .integer(atLeast: 1),
      "Writes every N-th step to metrics.jsonl. A replay compares the steps that are written.",
      synonyms: ["log-every", "log-interval"]),
    OptionDefinition(
      "enable-progress-bar", \.enableProgressBar, .boolean,
      "Whether a terminal shows a progress bar; without it, and elsewhere, there are plain lines.",
      synonyms: ["progress-bar", "progress"], onResume: .mayChange),
    OptionDefinition(
      "enable-model-summary", \.enableModelSummary, .boolean, "Whether the network is described before the first step.",
      synonyms: ["model-summary", "summary"], onResume: .mayChange),
  ]

  private static func metrics(ofValidation: Bool) -> String {
    Metric.allCases.filter { $0.isOfValidation == ofValidation }.map(\.rawValue).joined(separator: ", ")
  }
}
