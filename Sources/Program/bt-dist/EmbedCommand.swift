import CommandLine
import DataParallel
import Datasets
import Diagnostics
import Files
import MPI
import Models

/// What `bt-dist embed` is asked for.
struct EmbedOptions: Sendable {
  var from = ""
  var data = ""
  var out = ""
  var view = 1
  var threads: Int?
}

/// Writes the encoder's features of a data set as `.npy`, in the data set's order.
enum EmbedCommand: OptionCommand {
  static let definition = CommandDefinition(
    name: "embed",
    summary: "writes the encoder's features of a data set, in its order, as a NumPy array.",
    synopsis: ["embed --from RUN --data SPEC --out features.npy [options]"],
    examples: [
      CommandExample(
        "Features of the test images, from the newest checkpoint of a run",
        "mpirun -n 2 bt-dist embed --from runs/first --data fashion-mnist:test --out test.npy")
    ],
    groups: [
      OptionGroup(
        "Options",
        [
          .from(\EmbedOptions.from),
          OptionDefinition("data", \.data, .text("SPEC"), "The data set, as in `bt-dist train`."),
          OptionDefinition("out", \.out, .path("FILE"), "The file to write: float32, samples × features."),
          OptionDefinition("view", \.view, .integer(atLeast: 1, atMost: 2), "Which of two given views."),
          .threads(\.threads),
        ])
    ],
    defaults: EmbedOptions(),
    validate: { (command) throws(Failure) in
      try requireOptions([("from", command.options.from), ("data", command.options.data), ("out", command.options.out)])
    })

  static func run(_ command: ParsedCommand<EmbedOptions>, _ communicator: Communicator) throws -> Int32 {
    let options = command.options
    try prepareKernels(threads: options.threads, communicator)
    let (dataset, encoder) = try communicator.together {
      let dataset = try DataSpec.open(options.data)
      guard options.view <= dataset.viewsPerSample else {
        throw Failure(
          .usage, "the data set has one view", at: "--view", expected: "1", found: "\(options.view)")
      }
      let encoder = try TrainedEncoder(from: options.from) { if communicator.rank == 0 { Console.errors.warn($0) } }
      return (dataset, encoder)
    }
    // That it cannot be written should be known before the work.
    var output: OutputFile?
    try communicator.onRoot {
      try InputFiles(DataSpec.files(options.data) + encoder.files).refuse(options.out)
      output = try OutputFile(path: options.out)
    }
    let isPrinted = output?.isStandardOutput ?? false
    let extractor = try communicator.together { try encoder.extractor(sampleShape: dataset.sampleShape) }
    try communicator.requireSameData(dataset)
    var writer: NpyWriter?
    try communicator.onRoot {
      writer = try output.map { try NpyWriter($0, shape: [dataset.count, extractor.features]) }
    }
    try FeatureRun(dataset, extractor, view: options.view - 1, communicator).forEachBlock { features, rows in
      try writer?.write(UnsafeBufferPointer(start: features, count: rows * extractor.features))
    }
    try communicator.onRoot { _ = try writer?.finish() }
    // The file is the result, and is whole.
    if communicator.rank == 0, !isPrinted {
      Console.output.write("\(options.out.printable): \(dataset.count) × \(extractor.features)\n")
    }
    return 0
  }
}
