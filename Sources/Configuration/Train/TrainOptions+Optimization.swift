extension TrainingConfiguration {
  static let optimizationOptions: Options = [
    OptionDefinition(
      "optimizer", \.optimizer, .choice,
      "adamW decays weights decoupled from the gradient, sgd by L2, as PyTorch does.",
      synonyms: ["optim", "opt"]),
    OptionDefinition(
      "optimizer-kwargs", \.optimizerKwargs, .keywordArguments,
      "Further parameters of the optimizer under PyTorch's names. \(OptimizerKeyword.summary)",
      defaultText: "PyTorch's", synonyms: ["optimizer-params", "momentum", "betas"]),
    OptionDefinition(
      "learning-rate", \.learningRate, .number(atLeast: 0),
      "The base rate: the one at the end of the warm-up, or throughout with --lr-scheduler none.",
      synonyms: ["lr", "rate", "base-lr"]),
    OptionDefinition(
      "weight-decay", \.weightDecay, .number(atLeast: 0), "The optimizer's weight decay.", synonyms: ["wd"]),
    OptionDefinition(
      "exclude-bias-and-norm-wd", \.excludeBiasAndNormWd, .boolean,
      "Whether parameters with at most one dimension (biases, batch norm) are left out of the weight decay."),
    OptionDefinition(
      "lr-scheduler", \.lrScheduler, .choice,
      """
      warmup_cosine rises linearly from --warmup-start-lr to the base rate and falls along a cosine to --min-lr at \
      --max-epochs; none keeps the base rate.
      """, synonyms: ["scheduler", "schedule", "lr-schedule"]),
    OptionDefinition(
      "lr-interval", \.lrInterval, .choice, "Whether the rate changes at every step or at every epoch.",
      synonyms: ["interval"]),
    OptionDefinition(
      "warmup-epochs", \.warmupEpochs, .number(atLeast: 0),
      "Length of the warm-up in epochs; fractions are allowed, and 0 starts at the base rate.", synonyms: ["warmup"]),
    OptionDefinition(
      "warmup-start-lr", \.warmupStartLr, .number(atLeast: 0), "The rate with which the warm-up starts."),
    OptionDefinition(
      "min-lr", \.minLr, .number(atLeast: 0), "The rate with which the cosine ends.", synonyms: ["eta-min", "end-lr"]),
  ]

  static let lengthOptions: Options = [
    OptionDefinition(
      "max-epochs", \.maxEpochs, .limit(endless: .max),
      "Ends the run after so many epochs; the cosine of the learning rate ends there too. -1 never ends it.",
      defaultText: "\(defaultMaxEpochs), if --max-steps is not given either", synonyms: ["epochs", "n-epochs"],
      onResume: .mayChange),
    OptionDefinition(
      "max-steps", \.maxSteps, .limit(endless: nil),
      "Ends the run after so many steps, counted from its first start; the schedule stays that of --max-epochs.",
      defaultText: "no limit", synonyms: ["steps", "iterations", "max-iter"], onResume: .mayChange),
    OptionDefinition(
      "min-epochs", \.minEpochs, .optional(.integer(atLeast: 1), or: "none"),
      "Trains for at least so many epochs: early stopping does not end the run before.", onResume: .mayChange),
    OptionDefinition(
      "min-steps", \.minSteps, .optional(.integer(atLeast: 1), or: "none"),
      "Trains for at least so many steps: early stopping does not end the run before.", onResume: .mayChange),
    OptionDefinition(
      "limit-train-batches", \.limitTrainBatches, .batches,
      "Trains on only so many batches of each epoch, or that part of them; an epoch is then as short."),
    OptionDefinition(
      "random-state", \.randomState, .integer(atLeast: 0),
      """
      Seed of the initial parameters, the order of samples and the augmentations; the same seed gives the same run. There \
      is no run without a seed (nidl's None).
      """,
      synonyms: ["seed", "random-seed", "manual-seed"]),
  ]
}
