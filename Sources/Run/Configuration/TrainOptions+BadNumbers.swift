import CommandLine

extension TrainingConfiguration {
  static let badNumberOptions: Options = [
    OptionDefinition(
      "on-bad-loss", \.onBadLoss, .choice,
      """
      What a run does when loss or gradient are not finite: stop ends it with exit code 65 and a checkpoint from before \
      the step, skip leaves the update out, rollback returns to the last checkpoint of --checkpoint-every-n-steps and \
      goes on behind the batch. RUN/bad-batches has the samples, for --replay.
      """, synonyms: ["on-bad-step", "on-nan", "detect-anomaly", "terminate-on-nan", "skip-nan"], onResume: .mayChange),
    OptionDefinition(
      "replay", \.replay, .optional(.text("FILE"), or: "none"),
      """
      Does the step of a file of RUN/bad-batches again, on any number of ranks, writes nothing, and says whether it is bad \
      again (exit code 65) and where. The options are those of the run; --data and --threads may be others.
      """, synonyms: ["replay-batch", "bad-batch"], onResume: .mayChange),
  ]
}
