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
///
/// Where both data sets are the same, no sample is its own neighbour. Samples without a label (`Unlabelled`) are left out.
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
      try requireOptions(
        [
          ("from", command.options.from), ("train", command.options.train), ("test", command.options.test),
        ], except: command.rejected)
    })

  static func checkInputs(
    of command: ParsedCommand<EvalOptions>, ranks: Int, _ problems: inout FailureCollector
  ) {
    let data = [("train", command.options.train), ("test", command.options.test)]
    checkData(data, except: command.rejected, &problems)
  }

  static func run(_ command: ParsedCommand<EvalOptions>, _ communicator: Communicator) throws -> Int32 {
    let options = command.options
    // Rank 0 looks for neighbours alone, for as long as it takes.
    communicator.stallWatch?.limit = nil
    try prepareKernels(threads: options.threads, communicator)
    let (train, test, encoder) = try communicator.together {
      var problems = FailureCollector()
      let sets = [("--train", options.train), ("--test", options.test)].map { option, spec in
        problems.attempt { try labelled(spec, option) }
      }
      let trained = problems.attempt {
        try TrainedEncoder(from: options.from) { if communicator.rank == 0 { Console.errors.warn($0) } }
      }
      try problems.end()
      guard let train = sets[0], let test = sets[1], let encoder = trained else {
        throw Failure(.defect, "something is missing that nothing was said of")
      }
      guard train.sampleShape == test.sampleShape else {
        throw Failure(
          .data, "training and test samples have different shapes", at: options.test,
          expected: "\(train.sampleShape)", found: "\(test.sampleShape)")
      }
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
    let isSame = try communicator.together { try train.fingerprint() == test.fingerprint() }
    let trainSamples = try labelledSamples(train, communicator)
    let testSamples = isSame ? trainSamples : try labelledSamples(test, communicator)
    try communicator.onRoot {
      try Console.output.writeResult(
        "\(options.k)-nearest-neighbour accuracy by cosine similarity, \(testSamples.count) against "
          + (isSame
            ? "the other \((trainSamples.count - 1).counted("sample")) (\(option: "train") and \(option: "test") are the same data):\n"
            : "\(trainSamples.count.counted("sample")):\n"))
    }
    for (name, extractor) in extractors {
      let features = try FeatureRun(train, extractor, communicator).collect()
      let queries = try FeatureRun(test, extractor, communicator).collect()
      try communicator.onRoot {
        let known = try LabelledRows(
          features, labels: train.labels ?? [], features: extractor.features, keeping: trainSamples)
        let asked = try LabelledRows(
          queries, labels: test.labels ?? [], features: extractor.features, keeping: testSamples)
        let neighbours = try NearestNeighbours(
          train: known.values, labels: known.labels, features: extractor.features, k: options.k, leavesOneOut: isSame)
        let accuracy = try neighbours.accuracy(test: asked.values, labels: asked.labels)
        let rounded = (accuracy * 1e4).rounded() / 1e4
        try Console.output.writeResult("  \(rounded)  \(name) (\(extractor.features.counted("feature")))\n")
      }
    }
    return 0
  }

  /// The samples with a label; the others are named on rank 0. A collective.
  private static func labelledSamples(_ dataset: any Dataset, _ communicator: Communicator) throws -> [Int] {
    let samples = Unlabelled.others(in: dataset.labels ?? [])
    let rest = dataset.count - samples.count
    if rest > 0, communicator.rank == 0 {
      Console.errors.warn(
        "\(dataset.name): \(rest.counted("sample")) with the label -1, taken as without a label, \(rest == 1 ? "is" : "are") "
          + "left out; if it is a class, number the classes from 0")
    }
    return samples
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
