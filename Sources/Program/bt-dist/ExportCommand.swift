import CommandLine
import DataParallel
import Diagnostics
import Encoders
import MPI
import Models

/// What `bt-dist export` is asked for.
struct ExportOptions: Sendable {
  var from = ""
  var step = CheckpointChoice.newest
  var out = ""
  var full = false
  var overwrite = false
}

/// Writes a checkpoint's encoder for PyTorch, and prints the Python that loads it. Rank 0 does the work.
enum ExportCommand: OptionCommand {
  static let definition = CommandDefinition(
    name: "export",
    summary: "writes a checkpoint's encoder as a safetensors file under the names of torchvision and nidl.",
    synopsis: ["export --from RUN --out encoder.safetensors [options]"],
    examples: [
      CommandExample(
        "The encoder of the newest checkpoint, for load_state_dict(strict=True) of torchvision's or nidl's class",
        "bt-dist export --from runs/first --out encoder.safetensors"),
      CommandExample(
        "Encoder and projector of step 500, as nidl's BarlowTwins names them",
        "bt-dist export --from runs/first --step 500 --full --out model.safetensors"),
    ],
    groups: [
      OptionGroup(
        "Options",
        [
          .from(\ExportOptions.from),
          OptionDefinition(
            "step", \.step, .checkpoint,
            "Which checkpoint of the run folder: that of step N, the newest whole one, or the best of --save-top-k."),
          OptionDefinition("out", \.out, .path("FILE"), "The file to write: safetensors, float32."),
          OptionDefinition(
            "full", \.full, .boolean, "Keeps the projector, and the names' prefixes encoder. and projection_head."),
          OptionDefinition("overwrite", \.overwrite, .boolean, "Whether an existing file may be replaced."),
        ])
    ],
    defaults: ExportOptions(),
    validate: { (command) throws(Failure) in
      try requireOptions([("from", command.options.from), ("out", command.options.out)], except: command.rejected)
    })

  static func run(_ command: ParsedCommand<ExportOptions>, _ communicator: Communicator) throws -> Int32 {
    let options = command.options
    try communicator.onRoot {
      let encoder = try TrainedEncoder(from: options.from, options.step, warn: Console.errors.warn)
      let export = EncoderExport(encoder, isFull: options.full)
      let summary = try export.write(to: options.out, overwrites: options.overwrite)
      if summary.isPrinted { return }
      let loader = try export.loader(of: options.out)
      // The file is the result, and is whole.
      Console.output.write(
        """
        \(options.out.printable): \(encoder.configuration.encoder.rawValue) after step \(encoder.checkpoint.step)
        \(summary.counts.text)
        \(loader.summary)

        """)
      if !loader.lines.isEmpty { Console.output.write("\n" + loader.lines.map { "    \($0)\n" }.joined()) }
    }
    return 0
  }
}
