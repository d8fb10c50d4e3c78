import CommandLine

extension TrainingConfiguration {
  static let parallelismOptions: Options = [
    OptionDefinition(
      "shards", \.shards, .optional(.integer(atLeast: 1, atMost: TrainingConfiguration.mostShards), or: "auto"),
      """
      Parts of a batch along which every sum is taken. Runs with equal shards give equal bits on 1, 2, 4, ... ranks; \
      the batch must be a multiple of them.
      """, defaultText: "the number of ranks at the first start", synonyms: ["n-shards", "num-shards"]),
    OptionDefinition(
      "threads", \.threads, .optional(.integer(atLeast: 1, atMost: 4096), or: "auto"), "Compute threads of each rank.",
      defaultText: "the host's cores divided by its ranks", synonyms: ["n-threads", "num-threads", "n-jobs"],
      onResume: .mayChange, acrossRanks: .mayDiffer),
    OptionDefinition(
      "convolution", \.convolution, .choice,
      """
      The algorithm of 3x3 convolutions: winograd is faster where it fits, direct rounds less, auto takes the faster. \
      With direct or winograd, --autotune has only methods of that kind, and those that replace slow kernels.
      """, synonyms: ["conv"]),
    OptionDefinition(
      "autotune", \.autotune, .choice,
      """
      on: at the first start rank 0 measures which kernel is the fastest for each large layer, unless it knows from an \
      earlier run (~/.cache/bt-dist, or BT_DIST_CACHE). off: a fixed rule chooses. A run keeps its choice when it is resumed.
      """, synonyms: ["tune", "auto-tune", "benchmark", "cudnn-benchmark"], onResume: .mayChange),
    OptionDefinition(
      "kernel-table", \.kernels, .optional(.kernels, or: "none"),
      """
      A JSON file that fixes the kernels of layers, such as the config.json of a run, which has those that were chosen; \
      it overrides --autotune.
      """, defaultText: "chosen by --autotune", synonyms: ["kernel-choices"]),
    OptionDefinition(
      "recompute", \.recompute, .boolean,
      """
      Trades time for memory: only the outputs of residual and dense blocks are kept, and backward computes the \
      rest again. The results stay the same to the bit.
      """, synonyms: ["gradient-checkpointing", "checkpoint-activations"], onResume: .mayChange),
    OptionDefinition(
      "precision", \.precision, .choice,
      """
      bf16 keeps activations in half the memory and multiplies in bf16, with float32 parameters, statistics, sums and \
      loss, on processors with instructions for it (AVX-512 BF16, AMX); elsewhere the run says so and computes in \
      float32, as with 32.
      """, synonyms: ["dtype", "amp", "mixed-precision"], onResume: .mayChange),
    OptionDefinition(
      "reduction", \.reduction, .choice,
      """
      How sums go across ranks: tree gives the same bits on 1, 2, 4, ... ranks; mpi leaves the order to MPI's allreduce, \
      which may be faster on a network that sums by itself.
      """, synonyms: ["allreduce", "all-reduce"]),
    OptionDefinition(
      "stall-timeout", \.stallTimeout, .optional(.number("SECONDS", atLeast: 1), or: "none"),
      """
      Seconds of waiting for other ranks after which every waiting rank names those that are missing; after twice as \
      long the job ends with exit code 75.
      """, synonyms: ["timeout", "watchdog", "hang-timeout"], onResume: .mayChange),
    OptionDefinition(
      "time-limit", \.timeLimit, .timeLimit,
      """
      Ends the launch in time with a checkpoint and exit code 75: a time from its start (23:50:00, 90m, 1-12:00:00, or \
      seconds). auto takes the end of a Slurm, PBS or (launch/sge.sh) Grid Engine job, where that is known.
      """, synonyms: ["max-time", "walltime", "wall-time"], onResume: .mayChange),
  ]

  static let outputOptions: Options = [
    OptionDefinition(
      "out", \.out, .path("RUN", allowsEmpty: true),
      """
      The run folder, made if it does not exist: configuration, metrics, launches and checkpoints. All ranks must \
      see it. Required.
      """, synonyms: ["output", "o", "output-dir", "run", "run-dir", "save-dir", "default-root-dir"],
      onResume: .mayChange),
    OptionDefinition(
      "enable-checkpointing", \.enableCheckpointing, .boolean,
      "Whether checkpoints are written. Without them a run that has ended cannot be resumed.",
      synonyms: ["checkpointing"], onResume: .mayChange),
    OptionDefinition(
      "checkpoint-every-n-steps", \.checkpointEveryNSteps, .optional(.integer(atLeast: 1), or: "epoch"),
      "Steps between checkpoints, which are written in parallel with the training.",
      defaultText: "at the end of each epoch", synonyms: ["checkpoint-every", "save-every", "every-n-train-steps"],
      onResume: .mayChange),
    OptionDefinition(
      "checkpoint-every-n-minutes", \.checkpointEveryNMinutes,
      .optional(.number("MINUTES", atLeast: 0.001), or: "none"),
      "Minutes between checkpoints, instead of or in addition to those of --checkpoint-every-n-steps.",
      synonyms: ["train-time-interval", "save-every-n-minutes"], onResume: .mayChange),
    OptionDefinition(
      "checkpoint-patience", \.checkpointPatience, .number("SECONDS", atLeast: 0),
      """
      A checkpoint that cannot be saved (disk full, I/O error) is a warning and is tried again; after this many \
      seconds of failing the run ends with exit code 73.
      """, synonyms: ["save-patience"], onResume: .mayChange),
    OptionDefinition(
      "keep-checkpoints", \.keepCheckpoints, .integer(atLeast: 2),
      "How many of the newest checkpoints are kept; at least two, since the newest may turn out to be damaged.",
      synonyms: ["keep", "keep-last"], onResume: .mayChange),
    OptionDefinition(
      "resume", \.resume, .resume,
      """
      auto resumes from the newest whole checkpoint in --out, if there is one; never starts anew; a path resumes from \
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
