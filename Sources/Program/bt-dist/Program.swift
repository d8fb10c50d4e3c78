import CommandLine
import DataParallel
import Diagnostics
import Files
import Foundation
import MPI
import Training

/// Finds the command, runs it on all ranks, prints once what went wrong, and gives the exit code.
enum Program {
  private static var commands: [any Command.Type] {
    [
      TrainCommand.self, EmbedCommand.self, EvalCommand.self, ExportCommand.self, InspectCommand.self,
      ReplayCommand.self, BenchCommand.self, DoctorCommand.self,
    ]
  }

  static func run(_ arguments: [String]) -> Int32 {
    StandardStreams.reserve()
    OptionSpelling.useCommandLine()
    // From here on signals ask a run to end; a write to a closed pipe or beyond a limit is an error, not the end.
    let endsInOrder = commands.first { $0.name == arguments.first }?.endsInOrder ?? false
    if endsInOrder { SignalWatch.begin() } else { SignalWatch.unblock() }
    if !endsInOrder { InterruptedOutput.removeOnSignals() }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    return Job.run(goesOnAlone: arguments.first == DoctorCommand.name, report: Console.errors.report) { communicator in
      try dispatch(arguments, communicator)
    }
  }

  private static func dispatch(_ arguments: [String], _ communicator: Communicator) throws -> Int32 {
    if let difference = try communicator.executableDifference() {
      // What keeps every other command from running is what the doctor is asked for.
      guard arguments.first == DoctorCommand.name else {
        throw AgreedFailure(communicator.otherExecutable(difference))
      }
      return try DoctorCommand.report(difference, arguments, communicator)
    }
    try communicator.together { try CommandWords.requireUTF8() }
    try communicator.requireSameCommand(arguments.first)
    let overview = CommandOverview(commands.map { ($0.name, $0.summary) })
    guard let word = arguments.first, word != "--help" else {
      try communicator.onRoot { try Console.output.writeResult(overview.helpText) }
      return arguments.isEmpty ? Failure.Kind.usage.rawValue : 0
    }
    let command = try communicator.together {
      guard let command = commands.first(where: { $0.name == word }) else { throw overview.unknown(word) }
      return command
    }
    return try command.run(Array(arguments.dropFirst()), communicator)
  }
}
