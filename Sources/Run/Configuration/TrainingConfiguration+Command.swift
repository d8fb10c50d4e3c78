import CommandLine
import Diagnostics
import Encoders
import Layers

extension TrainingConfiguration {
  /// `bt-dist train`: its options, help and checks.
  package static let command = CommandDefinition(
    name: "train",
    summary: "trains an encoder with the Barlow Twins loss of the whole batch, on all ranks that mpirun starts.",
    synopsis: [
      "train --data SPEC --encoder NAME --out RUN [options]",
      "train --config FILE [options]",
    ],
    examples: [
      CommandExample(
        "First steps: Fashion-MNIST with a small ResNet on one process",
        "bt-dist train --out runs/first --width 16 --max-epochs 5 --warmup-epochs 1"),
      CommandExample(
        "Four ranks, and the same bits again on 1 or 2 of them; launch it again to resume after a kill",
        "mpirun -n 4 bt-dist train --data npy:x.npy --encoder mlp --augment noise=0.1 --shards 4 --out runs/mlp"),
      CommandExample(
        "Keep the options in a file, and look at what they amount to",
        "bt-dist train --print-config --batch-size 512 > run.json5; bt-dist train --config run.json5 --out runs/b512"),
    ],
    groups: optionGroups, takesConfigurationFile: true, retired: retiredOptions, defaults: TrainingConfiguration(),
    complete: { command in
      command.options.fillInDefaults()
      command.options.takeRunFolder(of: command.origins)
    },
    validate: { (command) throws(Failure) in
      var problems = FailureCollector()
      problems.attempt { try command.options.validate(origins: command.origins, except: command.rejected) }
      problems.attempt { try command.options.requireRunFolder(except: command.rejected) }
      try problems.end()
    })
}
