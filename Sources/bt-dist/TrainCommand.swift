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
    // The launch after the metrics: those of steps that it does again are then cut off, and count as its own.
    let observer = ObserverGroup([
      console, MetricsFile(path: run.folder.metricsPath), LaunchFile(path: run.folder.launchesPath),
    ])
    if communicator.rank == 0 {
      for remark in command.options.remarks(origins: command.origins) { console.warn(remark) }
    }
    switch try run.train(observer) {
    case .finished: return 0
    case .interrupted: return Failure.Kind.interrupted.rawValue
    }
  }
}
