import Configuration
import DataParallel
import Diagnostics
import MPI

/// A command of the program. `run` is a collective: all ranks call it with the same arguments.
protocol Command {
  static var name: String { get }
  static var summary: String { get }
  static func run(_ arguments: [String], _ communicator: Communicator) throws -> Int32
}

/// A command whose options are a table.
protocol OptionCommand: Command {
  associatedtype Options: Sendable
  static var definition: CommandDefinition<Options> { get }
  static func run(_ options: ParsedCommand<Options>, _ communicator: Communicator) throws -> Int32
}

extension OptionCommand {
  static var name: String { definition.name }
  static var summary: String { definition.summary }

  static func run(_ arguments: [String], _ communicator: Communicator) throws -> Int32 {
    switch try communicator.together({ try definition.parse(arguments) }) {
    case .help(let text), .printConfiguration(let text):
      if communicator.rank == 0 { print(text, terminator: "") }
      return 0
    case .run(let options): return try run(options, communicator)
    }
  }
}
