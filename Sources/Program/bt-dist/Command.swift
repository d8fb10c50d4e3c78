import CommandLine
import DataParallel
import Diagnostics
import MPI

/// A command of the program. `run` is a collective: all ranks call it, with arguments that mean the same or are an error.
protocol Command {
  static var name: String { get }
  static var summary: String { get }
  /// Whether it looks at `SignalWatch`, to end in order at a step. Others end at once when they get a signal.
  static var endsInOrder: Bool { get }
  static func run(_ arguments: [String], _ communicator: Communicator) throws -> Int32
}

/// A command whose options are a table.
protocol OptionCommand: Command {
  associatedtype Options: Sendable
  static var definition: CommandDefinition<Options> { get }
  static func run(_ options: ParsedCommand<Options>, _ communicator: Communicator) throws -> Int32
}

extension Command {
  static var endsInOrder: Bool { false }
}

extension OptionCommand {
  static var name: String { definition.name }
  static var summary: String { definition.summary }

  static func run(_ arguments: [String], _ communicator: Communicator) throws -> Int32 {
    let action = try communicator.together { try definition.parse(arguments) }
    try communicator.requireSameCall(definition, action)
    switch action {
    case .help(let text), .printConfiguration(let text):
      try communicator.onRoot { try Console.output.writeResult(text) }
      return 0
    case .run(let options): return try run(options, communicator)
    }
  }
}
