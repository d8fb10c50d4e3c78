extension TrainingConfiguration {
  static let parallelismOptions: Options = [
    OptionDefinition(
      "shards", \.shards, .optional(.integer(atLeast: 1), or: "auto"),
      """
      Parts of a batch along which every sum is taken. Runs with equal shards give equal bits on 1, 2, 4, ... ranks; \
      the batch must be a multiple of them.
      """, defaultText: "the ranks at the first start", synonyms: ["n-shards", "num-shards"]),
    OptionDefinition(
      "threads", \.threads, .optional(.integer(atLeast: 1, atMost: 4096), or: "auto"), "Compute threads of each rank.",
      defaultText: "the host's cores over its ranks", synonyms: ["n-threads", "num-threads", "n-jobs"],
      onResume: .mayChange, acrossRanks: .mayDiffer),
    OptionDefinition(
      "convolution", \.convolution, .choice,
      "The algorithm of 3x3 convolutions: winograd is faster where it fits, direct rounds less, auto takes the faster.",
      synonyms: ["conv"]),
    OptionDefinition(
      "recompute", \.recompute, .boolean,
      """
      Saves memory for time: of residual and dense blocks only the outputs are kept, and backward computes what is \
      inside once more. The results stay the same to the bit.
      """, synonyms: ["gradient-checkpointing", "checkpoint-activations"], onResume: .mayChange),
    OptionDefinition(
      "reduction", \.reduction, .choice,
      """
      How sums go across ranks: tree gives the same bits on 1, 2, 4, ... ranks; mpi leaves the order to MPI's allreduce, \
      which may be faster on a network that sums by itself.
      """, synonyms: ["allreduce", "all-reduce"]),
    OptionDefinition(
      "stall-timeout", \.stallTimeout, .optional(.number("SECONDS", atLeast: 1), or: "none"),
      """
      Seconds of waiting for other ranks after which every waiting rank names those that do not come; after twice as \
      long the job ends with exit code 75.
      """, synonyms: ["timeout", "watchdog", "hang-timeout"], onResume: .mayChange),
  ]

  static let outputOptions: Options = [
    OptionDefinition(
      "out", \.out, .text("RUN", allowsEmpty: true),
      """
      The run folder, made if it does not exist: configuration, metrics, checkpoints and report. All ranks must \
      see it. Required.
      """, synonyms: ["output", "o", "output-dir", "run", "run-dir", "save-dir", "default-root-dir"],
      onResume: .mayChange),
    OptionDefinition(
      "enable-checkpointing", \.enableCheckpointing, .boolean,
      "Whether checkpoints are written. Without them a run that has ended cannot be gone on with.",
      synonyms: ["checkpointing"], onResume: .mayChange),
    OptionDefinition(
      "checkpoint-every-n-steps", \.checkpointEveryNSteps, .optional(.integer(atLeast: 1), or: "epoch"),
      "Steps between checkpoints, which are written beside the training.",
      defaultText: "at the end of each epoch", synonyms: ["checkpoint-every", "save-every", "every-n-train-steps"],
      onResume: .mayChange),
    OptionDefinition(
      "keep-checkpoints", \.keepCheckpoints, .integer(atLeast: 1), "The newest checkpoints that are kept.",
      synonyms: ["keep", "keep-last"], onResume: .mayChange),
    OptionDefinition(
      "resume", \.resume, .resume,
      """
      auto goes on from the newest whole checkpoint in --out, if there is one; never starts anew; a path goes on from \
      that checkpoint folder.
      """, synonyms: ["ckpt-path", "checkpoint", "resume-from", "restart"], onResume: .mayChange),
  ]
}

extension ValueFormat<TrainingConfiguration.Resume> {
  /// `auto`, `never`, or the path of a checkpoint (`./auto` for a folder of that name).
  static var resume: Self {
    let accepts: @Sendable (String) -> TrainingConfiguration.Resume? = {
      switch $0 {
      case "auto": .auto
      case "never": .never
      case "": nil
      default: .path($0)
      }
    }
    return ValueFormat(
      placeholder: "auto|never|PATH", expected: "auto, never or the path of a checkpoint folder", fromText: accepts,
      fromJSON: { if case .string(let text) = $0 { accepts(text) } else { nil } },
      toJSON: { resume in
        switch resume {
        case .auto: .string("auto")
        case .never: .string("never")
        case .path(let path): .string(path)
        }
      })
  }
}
