import CommandLine
import Diagnostics
import Doctor
import MPI
import Replaying

/// What `bt-dist replay` is asked for.
struct ReplayOptions: Sendable {
  var from = ""
  var step: Int?
  var firstStep: Int?
  var data: String?
  var threads: Int?
}

/// Repeats steps of a recorded run and compares them with the record bit for bit.
enum ReplayCommand: OptionCommand {
  static let definition = CommandDefinition(
    name: "replay",
    summary: "repeats steps of a recorded run, on any number of ranks, and compares them with the record bit for bit.",
    synopsis: ["replay --from RUN [--step N] [options]"],
    examples: [
      CommandExample(
        "Step 500 of a run of many ranks, on one: from the checkpoint before it, without writing into the run",
        "bt-dist replay --from runs/first --step 500"),
      CommandExample("The whole run so far", "bt-dist replay --from runs/first --first-step 1"),
    ],
    groups: [
      OptionGroup(
        "Options",
        [
          OptionDefinition("from", \ReplayOptions.from, .text("RUN"), "A run folder; nothing is written into it."),
          OptionDefinition(
            "step", \.step, .optional(.integer(atLeast: 1), or: "last"),
            "The last step to repeat, counted from 1 as in metrics.jsonl.", defaultText: "the last one recorded"),
          OptionDefinition(
            "first-step", \.firstStep, .optional(.integer(atLeast: 1), or: "auto"),
            "The first step to repeat. The replay starts from the newest whole checkpoint before it.",
            defaultText: "--step"),
          OptionDefinition(
            "data", \.data, .optional(.text("SPEC"), or: "auto"),
            "Where the data of the run are now, as in `bt-dist train`.", defaultText: "where the run had them"),
          OptionDefinition(
            "threads", \.threads, .optional(.integer(atLeast: 1, atMost: 4096), or: "auto"),
            "Threads of each rank, which can decide the last bits.", defaultText: "as recorded"),
        ])
    ],
    defaults: ReplayOptions(),
    validate: { (command) throws(Failure) in try requireOptions([("from", command.options.from)]) })

  static var endsInOrder: Bool { true }

  static func run(_ command: ParsedCommand<ReplayOptions>, _ communicator: Communicator) throws -> Int32 {
    let options = command.options
    let request = ReplayRequest(
      from: options.from, step: options.step, firstStep: options.firstStep, data: options.data,
      threads: options.threads)
    return try run(request, communicator)
  }

  /// - Parameter remarks: what the user should know of the call.
  static func run(_ request: ReplayRequest, remarks: [String] = [], _ communicator: Communicator) throws -> Int32 {
    let run = try ReplayRun(request, communicator)
    let log = ReplayLog()
    if communicator.rank == 0 { for remark in remarks { log.report(.warning(remark)) } }
    let end = try run.replay(log.report)
    if communicator.rank == 0 { log.end(end, lastStep: run.steps.upperBound) }
    switch end {
    case .finished, .stopped: return 0
    case .interrupted: return Failure.Kind.interrupted.rawValue
    }
  }
}
