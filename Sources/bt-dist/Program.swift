import Configuration
import DataParallel
import Diagnostics
import Foundation
import MPI
import Training

/// Finds the command, runs it on all ranks, prints what went wrong once, and says the exit code.
enum Program {
  private static var commands: [any Command.Type] {
    [TrainCommand.self, EmbedCommand.self, EvalCommand.self, ReplayCommand.self]
  }

  static func run(_ arguments: [String]) -> Int32 {
    // From here on signals ask a run to end; a write to a closed pipe or beyond a limit is an error, not the end.
    SignalWatch.begin()
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    let communicator: Communicator
    do { communicator = try Communicator.join() } catch {
      return report(error, rank: nil)
    }
    communicator.stallWatch?.report = { FileHandle.standardError.write(Data("bt-dist: \($0)\n".utf8)) }
    do {
      let code = try dispatch(arguments, communicator)
      communicator.leave()
      return code
    } catch let agreed as AgreedFailure {
      // Every rank is here. Rank 0 speaks before any rank leaves, since mpirun ends the others when one has left.
      if communicator.rank == 0 { report(agreed.failure, rank: nil) }
      communicator.leave()
      return agreed.failure.kind.rawValue
    } catch {
      // The others may wait for this rank for ever: only ending the job helps.
      let code = report(error, rank: communicator.size > 1 ? "rank \(communicator.rank) on \(communicator.host)" : nil)
      communicator.abort(code: code)
    }
  }

  private static func dispatch(_ arguments: [String], _ communicator: Communicator) throws -> Int32 {
    try communicator.requireSameExecutable()
    try communicator.requireSameCommand(arguments.first)
    let overview = CommandOverview(commands.map { ($0.name, $0.summary) })
    guard let word = arguments.first, word != "--help" else {
      if communicator.rank == 0 { print(overview.helpText, terminator: "") }
      return arguments.isEmpty ? Failure.Kind.usage.rawValue : 0
    }
    let command = try communicator.together {
      guard let command = commands.first(where: { $0.name == word }) else { throw overview.unknown(word) }
      return command
    }
    return try command.run(Array(arguments.dropFirst()), communicator)
  }

  @discardableResult
  private static func report(_ error: any Error, rank: String?) -> Int32 {
    let failure = error as? Failure ?? Failure(.defect, "\(error)")
    let text = "bt-dist: error: \(failure)" + (rank.map { "\n  on:       \($0)" } ?? "") + "\n"
    FileHandle.standardError.write(Data(text.utf8))
    return failure.kind.rawValue
  }
}
