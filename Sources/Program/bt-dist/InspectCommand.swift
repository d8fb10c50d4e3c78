import CommandLine
import DataParallel
import Diagnostics
import Inspecting
import MPI

/// How `bt-dist inspect` looks and prints.
struct InspectOptions: Sendable {
  var statistics = false
  var verify = false
  var json = false
}

/// Prints what a run, a checkpoint, a file or a data set holds. Rank 0 does the work.
enum InspectCommand: OptionCommand {
  static let definition = CommandDefinition(
    name: "inspect",
    summary: "prints what a run folder, a checkpoint, a safetensors, npy or idx file or a data set holds.",
    synopsis: ["inspect PATH [options]"],
    examples: [
      CommandExample(
        "How far a run has got, and whether its checkpoints are whole", "bt-dist inspect runs/first --verify"),
      CommandExample(
        "The tensors of a file with their ranges", "bt-dist inspect encoder.safetensors --statistics"),
      CommandExample("Samples, classes and range of a data set", "bt-dist inspect fashion-mnist:test"),
    ],
    groups: [
      OptionGroup(
        "Options",
        [
          OptionDefinition(
            "statistics", \InspectOptions.statistics, .boolean,
            "Reads all values: each tensor's minimum, maximum, mean and non-finite values, and all samples of a data set."
          ),
          OptionDefinition(
            "verify", \.verify, .boolean, "Compares checkpoints with the SHA-256 of their manifests, not sizes alone."),
          OptionDefinition("json", \.json, .boolean, "Prints one JSON object."),
        ])
    ],
    positionals: PositionalArguments(
      "PATH", "A run folder, a checkpoint folder, a file, or a data specification as in `bt-dist train --data`.",
      count: 1...1),
    defaults: InspectOptions())

  /// What is damaged is printed with the rest, and the exit code is then 65.
  static func run(_ command: ParsedCommand<InspectOptions>, _ communicator: Communicator) throws -> Int32 {
    let options = command.options
    var isWhole = true
    try communicator.onRoot {
      let inspector = Inspector(readsValues: options.statistics, verifies: options.verify)
      let inspection = try inspector.inspect(command.positionals[0])
      try Console.output.writeResult(options.json ? inspection.json : inspection.text)
      isWhole = inspection.problems.isEmpty
    }
    return isWhole ? 0 : Failure.Kind.data.rawValue
  }
}
