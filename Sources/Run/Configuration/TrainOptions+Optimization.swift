import CommandLine
import Optimization

extension TrainingConfiguration {
  static let optimizationOptions: Options = [
    OptionDefinition(
      "optimizer", \.optimizer, .choice,
      """
      adamW decays weights decoupled from the gradient, adam and sgd by L2, as PyTorch does. lars adapts the rate of \
      each weight tensor to its norm, as in the code of the Barlow Twins paper.
      """,
      synonyms: ["optim", "opt"]),
    OptionDefinition(
      "optimizer-kwargs", \.optimizerKwargs, .keywordArguments(#"{"eps": 1e-8}"#),
      "Further parameters of the optimizer under PyTorch's names. \(OptimizerKind.keywordSummary)",
      defaultText: "PyTorch's; for lars momentum 0.9, eta 0.001, and biases and norms do not adapt",
      synonyms: ["optimizer-params", "momentum", "betas", "eta"]),
    OptionDefinition(
      "learning-rate", \.learningRate, .number(atLeast: 0),
      "The base rate: the one at the end of the warm-up, or throughout with --lr-scheduler none.",
      synonyms: ["lr", "rate", "base-lr", "learning-rate-weights"]),
    OptionDefinition(
      "learning-rate-biases", \.learningRateBiases, .optional(.number(atLeast: 0), or: "same"),
      """
      The base rate of parameters with at most one dimension (biases, batch norm). Their whole schedule is that of \
      --learning-rate times the ratio of the two.
      """, defaultText: "the same as --learning-rate", synonyms: ["bias-lr", "lr-biases"]),
    OptionDefinition(
      "scale-learning-rate", \.scaleLearningRate, .choice,
      """
      Multiplies the whole schedule (both base rates, --warmup-start-lr, --min-lr) by batch/256, as in the Barlow \
      Twins paper, or by its square root.
      """, synonyms: ["lr-scaling", "scale-lr"]),
    OptionDefinition(
      "weight-decay", \.weightDecay, .number(atLeast: 0), "The optimizer's weight decay.", synonyms: ["wd"]),
    OptionDefinition(
      "exclude-bias-and-norm-wd", \.excludeBiasAndNormWd, .boolean,
      "Whether parameters with at most one dimension (biases, batch norm) are left out of the weight decay."),
    OptionDefinition(
      "lr-scheduler", \.lrScheduler, .choice,
      """
      warmup_cosine rises linearly from --warmup-start-lr to the base rate and falls along a cosine to --min-lr at \
      --max-epochs, or at --max-steps where that alone is given; none keeps the base rate.
      """, synonyms: ["scheduler", "schedule", "lr-schedule"]),
    OptionDefinition(
      "lr-interval", \.lrInterval, .choice, "Whether the rate changes at every step or at every epoch.",
      synonyms: ["interval"]),
    OptionDefinition(
      "warmup-epochs", \.warmupEpochs, .automatic(.number(atLeast: 0)),
      "Length of the warm-up in epochs; fractions are allowed, and 0 starts at the base rate.",
      defaultText: "\(shortText(usualWarmupEpochs)), or a tenth of a run that is not longer", synonyms: ["warmup"]),
    OptionDefinition(
      "warmup-start-lr", \.warmupStartLr, .number(atLeast: 0), "The rate at which the warm-up starts."),
    OptionDefinition(
      "min-lr", \.minLr, .number(atLeast: 0), "The rate at which the cosine ends.", synonyms: ["eta-min", "end-lr"]),
    OptionDefinition(
      "gradient-clip-val", \.gradientClipVal, .optional(.number(atLeast: 0), or: "none"),
      "Gradients beyond it are scaled down or cut off; 0 or none leaves them alone. Metrics have the unclipped norm.",
      defaultText: "none", synonyms: ["clip", "clip-grad", "max-grad-norm", "gradient-clip"]),
    OptionDefinition(
      "gradient-clip-algorithm", \.gradientClipAlgorithm, .choice,
      "norm scales all gradients together by their norm, value cuts off each element.", synonyms: ["clip-algorithm"]),
  ]

  static let lengthOptions: Options = [
    OptionDefinition(
      "max-epochs", \.maxEpochs, .limit(endless: .max),
      "Ends the run after this many epochs; the cosine of the learning rate ends there too. -1 never ends it.",
      defaultText: "\(defaultMaxEpochs), if --max-steps is not given either", synonyms: ["epochs", "n-epochs"],
      onResume: .mayChange),
    OptionDefinition(
      "max-steps", \.maxSteps, .limit(endless: nil, atLeast: 0),
      """
      Ends the run after this many steps, counted from its first start; 0 writes the initial checkpoint. The cosine \
      ends there only if --max-epochs is not given.
      """,
      defaultText: "no limit", synonyms: ["steps", "iterations", "max-iter"], onResume: .mayChange),
    OptionDefinition(
      "min-epochs", \.minEpochs, .optional(.integer(atLeast: 1), or: "none"),
      "Trains for at least this many epochs: early stopping does not end the run earlier.", onResume: .mayChange),
    OptionDefinition(
      "min-steps", \.minSteps, .optional(.integer(atLeast: 1), or: "none"),
      "Trains for at least this many steps: early stopping does not end the run earlier.", onResume: .mayChange),
    OptionDefinition(
      "limit-train-batches", \.limitTrainBatches, .batches(orNone: true),
      """
      Trains on only this many batches of each epoch, or this part of them; epochs are then that short. 0 trains not at \
      all: the run ends with its initial parameters.
      """),
    OptionDefinition(
      "random-state", \.randomState, .integer(atLeast: 0, atMost: .max),
      """
      Seed of the initial parameters, the order of samples and the augmentations; the same seed gives the same run. There \
      is no run without a seed (nidl's None).
      """,
      synonyms: ["seed", "random-seed", "manual-seed"]),
  ]
}
