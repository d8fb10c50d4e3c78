import Configuration
import Diagnostics
import Foundation
import MPI
import Reporting
import Training

enum TrainCommand: OptionCommand {
  static var definition: CommandDefinition<TrainingConfiguration> { TrainingConfiguration.command }

  static func run(_ command: ParsedCommand<TrainingConfiguration>, _ communicator: Communicator) throws -> Int32 {
    let run = try TrainingRun(command.options, communicator)
    let console = ConsoleObserver.make(.standardOutput)
    let observer = ObserverGroup([console], recordingIn: run.folder)
    if communicator.rank == 0 {
      for remark in command.options.remarks(origins: command.origins) { console.warn(remark) }
    }
    switch try run.train(observer) {
    case .finished: return 0
    case .interrupted: return Failure.Kind.interrupted.rawValue
    }
  }
}
