import CommandLine
import DataParallel
import Diagnostics
import Files
import MPI

/// What all ranks must have been started with, whatever the command; see `RunAgreement.swift`.
extension Communicator {
  /// The first argument, by which the command is chosen.
  func requireSameCommand(_ word: String?) throws {
    try requireSame(.usage, "not the command of rank 0", remedy: "start all ranks with the same command") {
      [RankField("command", word ?? "", text: word.map { "bt-dist \($0)" } ?? "bt-dist without a command")]
    }
  }

  /// What the call asks for, its positional arguments, and all options but those that may differ between ranks.
  func requireSameCall<Target>(_ definition: CommandDefinition<Target>, _ action: CommandAction<Target>) throws {
    try requireSame(.usage, "not the call of rank 0", remedy: "start all ranks with the same options") {
      [RankField("bt-dist \(definition.name)", action.purpose)]
    }
    guard case .run(let command) = action else { return }
    let free = definition.options.filter { $0.acrossRanks == .mayDiffer }.map { "--\($0.name)" }
    try requireSame(
      .usage, "not what rank 0 was given",
      remedy: "give all ranks the same options and configuration files"
        + (free.isEmpty ? "" : "; only \(free.joined(separator: " and ")) may differ")
    ) {
      let arguments = command.positionals.map { "'\($0)'" }.joined(separator: " ")
      let options = definition.sharedOptions(command.options)
      return options.map { RankField($0.name, $0.value, text: "\($0.name) \($0.value)") }
        + [RankField("arguments", arguments)]
    }
  }
}
