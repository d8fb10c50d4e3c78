import CommandLine
import Configuration
import Diagnostics
import Foundation
import MPI
import Reporting
import Training

enum TrainCommand: OptionCommand {
  static var definition: CommandDefinition<TrainingConfiguration> { TrainingConfiguration.command }
  static var endsInOrder: Bool { true }

  static func run(_ command: ParsedCommand<TrainingConfiguration>, _ communicator: Communicator) throws -> Int32 {
    let console = ConsoleObserver.make(.standardOutput, wantsBar: command.options.enableProgressBar)
    let run = try TrainingRun(command.options, report: Console.errors.report, communicator)
    if communicator.rank == 0 {
      for remark in command.options.remarks(origins: command.origins) { console.warn(remark) }
    }
    switch try run.train(console) {
    case .finished, .stopped: return 0
    case .interrupted: return Failure.Kind.interrupted.rawValue
    }
  }
}
