import CommandLine
import DataParallel
import Datasets
import Diagnostics
import Files
import Foundation
import MPI
import Models
import Reporting
import Training

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
          OptionDefinition("from", \EmbedOptions.from, .text("RUN"), "A run folder, or one of its checkpoints."),
          OptionDefinition("data", \.data, .text("SPEC"), "The data set, as in `bt-dist train`."),
          OptionDefinition("out", \.out, .text("FILE"), "The file to write: float32, samples × features."),
          OptionDefinition("view", \.view, .integer(atLeast: 1, atMost: 2), "Which of two given views."),
          OptionDefinition(
            "threads", \.threads, .optional(.integer(atLeast: 1), or: "auto"), "Threads of each rank.",
            acrossRanks: .mayDiffer),
        ])
    ],
    defaults: EmbedOptions(),
    validate: { (command) throws(Failure) in
      try requireOptions([("from", command.options.from), ("data", command.options.data), ("out", command.options.out)])
    })

  static func run(_ command: ParsedCommand<EmbedOptions>, _ communicator: Communicator) throws -> Int32 {
    let options = command.options
    RankThreads.configure(requested: options.threads)
    for remark in try communicator.kernelRemarks() where communicator.rank == 0 { printWarning(remark) }
    let (dataset, extractor) = try communicator.together {
      let dataset = try DataSpec.open(options.data)
      guard options.view <= dataset.viewsPerSample else {
        throw Failure(
          .usage, "the data set has one view", at: "--view", expected: "1", found: "\(options.view)")
      }
      let encoder = try TrainedEncoder(from: options.from) { if communicator.rank == 0 { printWarning($0) } }
      return (dataset, try encoder.extractor(sampleShape: dataset.sampleShape))
    }
    try communicator.requireSameData(dataset)
    var writer: NpyWriter?
    try communicator.onRoot {
      writer = try NpyWriter(path: options.out, shape: [dataset.count, extractor.features])
    }
    try FeatureRun(dataset, extractor, view: options.view - 1, communicator).forEachBlock { features, rows in
      try writer?.write(UnsafeBufferPointer(start: features, count: rows * extractor.features))
    }
    try communicator.onRoot { _ = try writer?.finish() }
    if communicator.rank == 0 { print("\(options.out): \(dataset.count) × \(extractor.features)") }
    return 0
  }
}

/// Throws for the first option without a value.
func requireOptions(_ options: [(name: String, value: String)]) throws(Failure) {
  for option in options where option.value.isEmpty {
    throw Failure(.usage, "an option is missing", expected: "--\(option.name)", remedy: "give it, or ask --help")
  }
}

func printWarning(_ message: String) {
  Console(.standardError).warn(message)
}
