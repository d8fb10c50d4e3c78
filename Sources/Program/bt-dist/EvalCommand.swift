import CommandLine
import DataParallel
import Datasets
import Diagnostics
import Evaluation
import MPI
import Models
import TwinNetwork

/// What `bt-dist eval` is asked for.
struct EvalOptions: Sendable {
  var from = ""
  var train = ""
  var test = ""
  var k = 5
  var threads: Int?
}

/// Classifies by nearest neighbours: the trained encoder's features, the untrained one's, and raw values.
enum EvalCommand: OptionCommand {
  static let definition = CommandDefinition(
    name: "eval",
    summary:
      "classifies test samples by their nearest neighbours in feature space, next to raw and untrained baselines.",
    synopsis: ["eval --from RUN --train SPEC --test SPEC [options]"],
    examples: [
      CommandExample(
        "How good the features of a run are",
        "bt-dist eval --from runs/first --train fashion-mnist --test fashion-mnist:test")
    ],
    groups: [
      OptionGroup(
        "Options",
        [
          .from(\EvalOptions.from),
          OptionDefinition("train", \.train, .text("SPEC"), "Labelled samples to find neighbours among."),
          OptionDefinition("test", \.test, .text("SPEC"), "Labelled samples to classify."),
          OptionDefinition("k", \.k, .integer(atLeast: 1), "Neighbours that vote."),
          .threads(\.threads),
        ])
    ],
    defaults: EvalOptions(),
    validate: { (command) throws(Failure) in
      try requireOptions([
        ("from", command.options.from), ("train", command.options.train), ("test", command.options.test),
      ])
    })

  static func run(_ command: ParsedCommand<EvalOptions>, _ communicator: Communicator) throws -> Int32 {
    let options = command.options
    // Rank 0 looks for neighbours alone, for as long as it takes.
    communicator.stallWatch?.limit = nil
    try prepareKernels(threads: options.threads, communicator)
    let (train, test, encoder) = try communicator.together {
      let (train, test) = (try labelled(options.train, "--train"), try labelled(options.test, "--test"))
      guard train.sampleShape == test.sampleShape else {
        throw Failure(
          .data, "training and test samples have different shapes", at: options.test,
          expected: "\(train.sampleShape)", found: "\(test.sampleShape)")
      }
      let encoder = try TrainedEncoder(from: options.from) { if communicator.rank == 0 { Console.errors.warn($0) } }
      return (train, test, encoder)
    }
    for dataset in [train, test] { try communicator.requireSameData(dataset) }
    let shape = train.sampleShape
    let extractors = try communicator.together {
      [
        ("trained encoder, step \(encoder.checkpoint.step)", try encoder.extractor(sampleShape: shape)),
        ("untrained encoder", try encoder.untrainedExtractor(sampleShape: shape)),
        ("raw values", try FeatureExtractor(encoder: .identity(sampleShape: shape), sampleShape: shape)),
      ]
    }
    try communicator.onRoot {
      try Console.output.writeResult(
        """
        \(options.k)-nearest-neighbour accuracy by cosine similarity, \(test.count) against \(train.count) samples:

        """)
    }
    for (name, extractor) in extractors {
      let features = try FeatureRun(train, extractor, communicator).collect()
      let queries = try FeatureRun(test, extractor, communicator).collect()
      try communicator.onRoot {
        let neighbours = try NearestNeighbours(
          train: features, labels: train.labels!, features: extractor.features, k: options.k)
        let accuracy = neighbours.accuracy(test: queries, labels: test.labels!)
        let rounded = (accuracy * 1e4).rounded() / 1e4
        try Console.output.writeResult("  \(rounded)  \(name) (\(extractor.features) features)\n")
      }
    }
    return 0
  }

  private static func labelled(_ spec: String, _ option: String) throws -> any Dataset {
    let dataset = try DataSpec.open(spec)
    guard dataset.labels != nil else {
      throw Failure(
        .usage, "the data set has no labels", at: option, expected: "a specification with labels",
        found: spec, remedy: "name the labels' file after a comma")
    }
    return dataset
  }
}
