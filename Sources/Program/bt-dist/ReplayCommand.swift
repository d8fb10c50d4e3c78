import CommandLine
import DataParallel
import Diagnostics
import MPI
import Replaying

/// What `bt-dist replay` is asked for.
struct ReplayOptions: Sendable {
  var from = ""
  var badBatch: String?
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
    synopsis: ["replay --from RUN [--step N] [options]", "replay --bad-batch FILE [options]"],
    examples: [
      CommandExample(
        "Step 500 of a run of many ranks, on one: from the checkpoint before it, without writing into the run",
        "bt-dist replay --from runs/first --step 500"),
      CommandExample("The whole run so far", "bt-dist replay --from runs/first --first-step 1"),
      CommandExample(
        "A step whose loss was not finite, and why",
        "bt-dist replay --bad-batch runs/first/bad-batches/step-00000012.json"),
    ],
    groups: [
      OptionGroup(
        "Options",
        [
          OptionDefinition("from", \ReplayOptions.from, .path("RUN"), "A run folder; nothing is written into it."),
          OptionDefinition(
            "bad-batch", \.badBatch, .optional(.path("FILE"), or: "none"),
            """
            In place of --from: does the step of a file of RUN/bad-batches again, and says whether it is bad again (exit \
            code 65) and where. --data may name other data, to see whether they are mended.
            """, synonyms: ["replay"]),
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
    validate: { (command) throws(Failure) in
      guard command.options.badBatch != nil else { return try requireOptions([("from", command.options.from)]) }
      for name in ["from", "step", "first-step"] where command.origin(of: name) != .default {
        throw Failure(
          .usage, "the run and the step are those of the bad batch", at: "--\(name)",
          expected: "--bad-batch without it",
          remedy: "leave out --\(name), or --bad-batch")
      }
    })

  static var endsInOrder: Bool { true }

  static func run(_ command: ParsedCommand<ReplayOptions>, _ communicator: Communicator) throws -> Int32 {
    let options = command.options
    var request = ReplayRequest(
      from: options.from, step: options.step, firstStep: options.firstStep, data: options.data,
      threads: options.threads)
    request.badBatch = options.badBatch
    let run = try ReplayRun(request, communicator)
    let log = ReplayLog()
    let end = try run.replay(log.report)
    try communicator.onRoot { try log.end(end, lastStep: run.steps.upperBound) }
    switch end {
    case .finished, .stopped: return 0
    case .interrupted: return Failure.Kind.interrupted.rawValue
    }
  }
}
