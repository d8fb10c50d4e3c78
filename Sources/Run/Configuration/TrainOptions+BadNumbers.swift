import CommandLine

extension TrainingConfiguration {
  static let badNumberOptions: Options = [
    OptionDefinition(
      "on-bad-loss", \.onBadLoss, .choice,
      """
      What a run does when the loss or the gradient is not finite: stop ends it with exit code 65 and a checkpoint \
      from before the step, skip leaves the update out, rollback returns to the last checkpoint of \
      --checkpoint-every-n-steps and continues after the batch. RUN/bad-batches has the samples, for \
      `bt-dist replay --bad-batch`.
      """, synonyms: ["on-bad-step", "on-nan", "detect-anomaly", "terminate-on-nan", "skip-nan"], onResume: .mayChange)
  ]
}
