import CommandLine
import Configuration
import Diagnostics
import Encoders

extension BenchConfiguration {
  /// `bt-dist bench`: its options, help and checks.
  package static let command = CommandDefinition(
    name: "bench",
    summary: "measures the steps of a training: time by phase, samples a second, share of the processor, memory.",
    synopsis: [
      "bench [training options] [options]",
      "bench --config FILE --against FILE [options]",
      "bench --loss B,D | --kernels [options]",
    ],
    examples: [
      CommandExample(
        "Where the time of a step goes, on two ranks",
        "mpirun -n 2 bt-dist bench --encoder resnet18 --batch-size 128 --layer-times"),
      CommandExample(
        "Two configurations in turns, step by step: b.json5 holds {convolution: \"direct\"}",
        "bt-dist bench --config a.json5 --against b.json5 --steps 10 --json ab.json"),
      CommandExample("The loss alone, both of its forms", "bt-dist bench --loss 256,8192"),
    ],
    groups: [OptionGroup("Measurement", measurementOptions)]
      + TrainingConfiguration.optionGroups.map { group in
        OptionGroup(
          "Training: \(group.title)",
          group.options.map { ($0.name == "data" ? TrainingConfiguration.dataOrHeld : $0).within(\.training) })
      },
    takesConfigurationFile: true, retired: TrainingConfiguration.retiredOptions, defaults: BenchConfiguration(),
    complete: { $0.training.fillInDefaults() },
    validate: { (command) throws(Failure) in
      try command.options.training.validate(origins: command.origins)
      try command.options.validateModes(origins: command.origins)
    })

  private static let measurementOptions: [OptionDefinition<BenchConfiguration>] = [
    OptionDefinition(
      "steps", \.steps, .integer(atLeast: 1, atMost: 1_000_000), "Steps that are measured; their median counts.",
      synonyms: ["repeats", "iterations"]),
    OptionDefinition(
      "warmup-steps", \.warmupSteps, .integer(atLeast: 0, atMost: 1_000_000), "Steps before them, which do not count.",
      synonyms: ["warmup"]),
    OptionDefinition(
      "against", \.against, .optional(.path("FILE"), or: "none"),
      """
      A JSON5 file of training options in which a second configuration differs from the first. Both are measured in \
      turns, step by step, and compared.
      """, synonyms: ["versus", "compare"]),
    OptionDefinition(
      "layer-times", \.layerTimes, .boolean,
      "Measures as many steps again, layer by layer: milliseconds forward and backward of each."),
    OptionDefinition(
      "loss", \.loss, .optional(.integers("B,D", atLeast: 2, atMost: TrainingConfiguration.mostSamples), or: "none"),
      "Measures the loss of B samples with D features in place of a training, forward and backward, in both forms."),
    OptionDefinition(
      "kernels", \.kernels, .boolean,
      "Measures the bandwidth of the memory, and of the kernels that it limits, in place of a training."),
    OptionDefinition(
      "kernel-mebibytes", \.kernelMebibytes, .optional(.integer(atLeast: 1, atMost: 1 << 16), or: "auto"),
      "The size of the tensors of --kernels, in MiB.", defaultText: "as in the ResNet-18s"),
    OptionDefinition(
      "json", \.json, .optional(.path("FILE"), or: "none"), "Writes the results to this file, as one JSON object.",
      synonyms: ["output"]),
  ]

  private func validateModes(origins: ValueOrigins) throws(Failure) {
    if let loss, loss.count != 2 {
      throw Failure(
        .usage, "not a size of a loss", at: origins.location(of: "loss"),
        expected: "two numbers: samples B, features D",
        found: loss.map(String.init).joined(separator: ","), remedy: "write --loss 256,2048")
    }
    guard loss != nil || kernels else { return }
    let modes = [loss != nil ? "--loss" : nil, kernels ? "--kernels" : nil].compactMap { $0 }
    let unused = [
      (modes.count > 1, "--kernels"), (against != nil, "--against"), (layerTimes, "--layer-times"),
    ]
    for (isGiven, name) in unused where isGiven {
      throw Failure(
        .usage, "two measurements at once", at: origins.location(of: String(name.dropFirst(2))),
        expected: "one of --loss, --kernels and the steps of a training", found: "\(modes[0]) and \(name)",
        remedy: "call bt-dist bench once for each")
    }
  }
}

extension TrainingConfiguration {
  /// `--data` where there is a default.
  package static let dataOrHeld = OptionDefinition<TrainingConfiguration>(
    "data", \.data, .text("SPEC"),
    """
    As in `bt-dist train`, or synthetic alone: a batch of made-up pairs of the encoder's usual shape, held in memory, so \
    that reading costs nothing.
    """, synonyms: ["dataset", "train", "train-data", "input"])
}
