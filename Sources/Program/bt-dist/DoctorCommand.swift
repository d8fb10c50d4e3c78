import CommandLine
import DataParallel
import Diagnostics
import Doctor
import Foundation
import Host
import MPI

/// Looks at hosts, ranks and network as a run would find them, and prints what to mend.
enum DoctorCommand: OptionCommand {
  static var definition: CommandDefinition<DoctorConfiguration> { DoctorConfiguration.command }

  static func run(_ command: ParsedCommand<DoctorConfiguration>, _ communicator: Communicator) throws -> Int32 {
    var options = command.options
    options.fitDefaults(ranks: communicator.size, origins: command.origins)
    let diagnosis = try Doctor.examine(options, communicator)
    if diagnosis.isCutShort {
      // The others wait for a rank that does not answer.
      try show(diagnosis, json: command.options.json)
      waitForReaders()
      communicator.abort(code: exitCode(diagnosis.errors))
    }
    // Processes that do not find one another are all rank 0; one of them speaks.
    let isFirst = communicator.joinFailure == nil ? communicator.rank == 0 : Launcher.current?.rank ?? 0 == 0
    if isFirst { try show(diagnosis, json: command.options.json) }
    return exitCode(Int(try communicator.maximum([Int64(diagnosis.errors)])[0]))
  }

  /// For a job of different programs: no collective, since the others may be of another version.
  static func report(
    _ difference: RankDifference, _ arguments: [String], _ communicator: Communicator
  ) throws -> Int32 {
    let diagnosis = Doctor.report(difference, communicator)
    if communicator.rank == 0 { try show(diagnosis, json: arguments.contains("--json")) }
    return exitCode(diagnosis.errors)
  }

  private static func show(_ diagnosis: Diagnosis, json: Bool) throws {
    try Console.output.writeResult(json ? try diagnosis.json() : diagnosis.text)
  }

  /// An abort loses what launchers have not yet passed on from this host to the first: only half of an object would be
  /// printed.
  private static func waitForReaders() {
    guard Launcher.current != nil else { return }
    let end = monotonicSeconds() + 5
    var unread: Int32 = 0
    while ioctl(STDOUT_FILENO, UInt(FIONREAD), &unread) == 0, unread > 0, monotonicSeconds() < end { usleep(10_000) }
    usleep(2_000_000)
  }

  private static func exitCode(_ errors: Int) -> Int32 { errors > 0 ? Failure.Kind.usage.rawValue : 0 }
}
