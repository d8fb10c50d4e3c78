import Benchmarking
import CommandLine
import Configuration
import Diagnostics

/// What `bt-dist doctor` is asked for: the run that is to be made, and how to print what was found.
package struct DoctorConfiguration: Sendable, Equatable {
  /// Data have a default of their own, `synthetic`: made-up samples of the encoder's usual shape.
  package var training: TrainingConfiguration
  /// Whether one JSON object is printed in place of the text.
  package var json = false

  package init() {
    training = TrainingConfiguration()
    (training.data, training.augment) = (BenchConfiguration.heldData, "none")
  }

  /// Without any option of a run, the defaults stand for no run in particular and need not fit the ranks.
  package mutating func fitDefaults(ranks: Int, origins: ValueOrigins) {
    guard origins.filter({ $0.key != "json" && $0.value != .default }).isEmpty else { return }
    let usual = TrainingConfiguration.usualBatchSize
    training.batchSize = usual + (ranks - usual % ranks) % ranks
  }
}

extension DoctorConfiguration {
  /// `bt-dist doctor`: its options, help and checks.
  package static let command = CommandDefinition(
    name: "doctor",
    summary: "looks at MPI, hosts, threads, memory, folders and network, and says what to mend before a run.",
    synopsis: ["doctor [training options] [--json]"],
    examples: [
      CommandExample(
        "The hosts of a run, started as the run will be",
        "launch/hosts hostfiles/two-nodes -- doctor --data npy:x.npy --encoder resnet18 --out runs/mine"),
      CommandExample("Two ranks here", "mpirun -np 2 bt-dist doctor"),
      CommandExample("For a script: the number of findings that are errors", "bt-dist doctor --json | jq .errors"),
    ],
    groups: [
      OptionGroup(
        "Output",
        [OptionDefinition("json", \DoctorConfiguration.json, .boolean, "Prints one JSON object in place of the text.")])
    ]
      + TrainingConfiguration.optionGroups.map { group in
        OptionGroup(
          "Training: \(group.title)",
          group.options.map { ($0.name == "data" ? TrainingConfiguration.dataOrHeld : $0).within(\.training) })
      },
    takesConfigurationFile: true, retired: TrainingConfiguration.retiredOptions, defaults: DoctorConfiguration(),
    complete: { command in
      command.options.training.fillInDefaults()
      command.options.training.takeRunFolder(of: command.origins)
    },
    validate: { (command) throws(Failure) in
      try command.options.training.validate(origins: command.origins, except: command.rejected)
    })
}
