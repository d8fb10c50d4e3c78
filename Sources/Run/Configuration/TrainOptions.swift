import CommandLine
import Datasets
import Diagnostics
import Encoders

extension TrainingConfiguration {
  /// The options of `bt-dist train`, one for every field.
  package static let optionGroups: [OptionGroup<TrainingConfiguration>] = [
    OptionGroup("Data", dataOptions), OptionGroup("Network", networkOptions), OptionGroup("Loss", lossOptions),
    OptionGroup("Optimization", optimizationOptions), OptionGroup("Length of the run", lengthOptions),
    OptionGroup("Validation and early stopping", validationOptions), OptionGroup("Parallelism", parallelismOptions),
    OptionGroup("Output", outputOptions + bestCheckpointOptions + badNumberOptions + loggingOptions),
  ]

  package static let optionTable = OptionTable(optionGroups, retired: retiredOptions)

  /// What older versions wrote into `config.json`, where it was never set.
  package static let retiredOptions: Set<String> = ["replay"]

  typealias Options = [OptionDefinition<TrainingConfiguration>]

  private static let dataOptions: Options = [
    OptionDefinition(
      "data", \.data, .text("SPEC"),
      """
      What to train on: \(DataSpec.kinds.map(\.form).joined(separator: ", ")). The arrays of pairs are two given views. Arrays are \
      samples first, then channels.
      """, synonyms: ["dataset", "train", "train-data", "input"]),
    OptionDefinition(
      "augment", \.augment, .text("RECIPE"),
      """
      How two views of a sample are made: operations in their order, such as \
      crop=0.4:1,flip,brightness=0.4@0.8,noise=0.05 (numbers, then @ and how often), \
      small-images, none, or auto: small-images for single images, none for given pairs, and noise of 0.3 of the \
      values' deviation for rows and volumes.
      """, synonyms: ["augmentation", "augmentations", "transform", "transforms"]),
    OptionDefinition(
      "shuffle", \.shuffle, .boolean,
      "Whether every epoch sees the samples in another order, which depends on --random-state and the epoch only."),
    OptionDefinition(
      "batch-size", \.batchSize, .automatic(.integer(atLeast: 2, atMost: mostSamples)),
      "Samples per step over all ranks together, not on each; the last partial batch of an epoch is left out.",
      defaultText: "\(usualBatchSize), or the largest power of two that the data fill",
      synonyms: ["b", "bs", "global-batch-size", "mini-batch"]),
    OptionDefinition(
      "workers", \.workers, .integer(atLeast: 1, atMost: 256),
      "Loader threads of each rank, which prepare batches in parallel with the training.",
      synonyms: ["num-workers", "n-workers", "loaders"], onResume: .mayChange, acrossRanks: .mayDiffer),
  ]

  /// Samples of a batch: far beyond what hosts compute in a step.
  package static let mostSamples = 1 << 24

  private static let networkOptions: Options = [
    OptionDefinition(
      "encoder", \.encoder, .choice("NAME"),
      """
      The network that is kept; what it gives are the features. One of \
      \(EncoderKind.all.filter { $0 != .custom }.map(\.rawValue).joined(separator: ", ")): torchvision's and nidl's, and layers, \
      which --layers describes.
      """,
      synonyms: ["arch", "model", "backbone", "network"]),
    OptionDefinition(
      "stem", \.stem, .choice,
      "How a 2-D ResNet begins: imagenet is 7x7 with stride 2 and pooling, small is 3x3 with stride 1 and no pooling."),
    OptionDefinition(
      "width", \.width, .integer(atLeast: 1, atMost: NumberLimit.size),
      "Channels of a ResNet's first stage; later stages have 2, 4 and 8 times as many.",
      synonyms: ["channels", "filters"]),
    OptionDefinition(
      "mlp-hidden", \.mlpHidden, .integers(atLeast: 1),
      "Output sizes of the layers of --encoder mlp; the last one is the number of features.",
      synonyms: ["hidden", "hidden-channels"]),
    OptionDefinition(
      "layers", \.layers, .optional(.layers, or: "none"),
      """
      The layers of --encoder layers, under PyTorch's names: a JSON list such as [{convolution: 32, kernel_size: 3, \
      padding: 1}, 'batch_norm', 'relu', 'global_average_pool']. The article Encoders of the documents has all of them.
      """, synonyms: ["layer", "architecture"]),
    OptionDefinition(
      "encoder-kwargs", \.encoderKwargs, .keywordArguments(#"{"zero_init_residual": true}"#),
      "Further parameters of the encoder under torchvision's and nidl's names. \(EncoderKind.keywordSummary)",
      synonyms: ["encoder-args", "model-kwargs"]),
    OptionDefinition(
      "n-embedding", \.nEmbedding, .optional(.integer(atLeast: 1, atMost: NumberLimit.size), or: "auto"),
      "Size of the embedding of nidl's 3-D networks.", defaultText: "512, or 128 for alexnet3d",
      synonyms: ["embedding-dim", "embedding-size"]),
    OptionDefinition(
      "proj-input-dim", \.projInputDim, .optional(.integer(atLeast: 1, atMost: NumberLimit.size), or: "auto"),
      "The size of the embedding. It need not be given; if it is not the encoder's, that is an error.",
      defaultText: "the encoder's output size", onResume: .mayChange),
    OptionDefinition(
      "proj-hidden-dim", \.projHiddenDim, .integer(atLeast: 1, atMost: NumberLimit.size),
      "Size of the projector's two hidden layers."),
    OptionDefinition(
      "proj-output-dim", \.projOutputDim, .integer(atLeast: 1, atMost: NumberLimit.size),
      "Size D of the projector's output, between whose features the loss takes the cross-correlation.",
      synonyms: ["projection-dim", "proj-dim", "output-dim"]),
    OptionDefinition(
      "init", \.initialParameters, .optional(.path("FILE"), or: "none"),
      "Initial parameters from a safetensors file with the names of torchvision or nidl: the model, or the encoder alone.",
      defaultText: "random, from --random-state", synonyms: ["weights", "pretrained", "initial-parameters"]),
  ]

  private static let lossOptions: Options = [
    OptionDefinition(
      "lambd", \.lambd, .number(atLeast: 0), "The weight of the redundancy term relative to the invariance term.",
      synonyms: ["lambda", "lmbda", "lambda-param"]),
    OptionDefinition(
      "loss-form", \.lossForm, .choice(or: "auto"),
      """
      How the same loss is computed: primal forms the D x D correlation, dual works with B x B products, auto takes \
      the cheaper of the two. They agree to rounding.
      """),
  ]
}
