import Configuration
import Datasets
import Diagnostics
import RunRecord

/// A run as rank 0 finds it before a replay: what to do, and what must come of it. Nothing of the run is written.
struct RecordedRun {
  let folder: RunFolder
  /// The run's options, with shards, threads and end as the steps to be replayed had them.
  let configuration: TrainingConfiguration
  /// The last step that is replayed.
  let lastStep: Int
  /// The newest whole checkpoint before the first step that was asked for; nil: the steps start from the beginning.
  let checkpoint: Checkpoint?
  /// The launch that did the last of the steps; nil when that is not recorded.
  let launch: LaunchRecord?
  /// The numbers of each step that was logged to the bit, in the order of `StepRecord.exactNumbers`.
  let numbers: [Int: [Double]]
  let remarks: [String]

  /// What was done about the bad ones among the steps.
  let badSteps: [Int: BadStepOutcome]
  /// What is known of the last step, where the file of its bad batch was given.
  let badBatch: BadBatch?

  init(_ request: ReplayRequest) throws {
    badBatch = try request.badBatch.map(BadBatch.init(contentsOf:))
    folder = RunFolder(badBatch?.folder(ofFile: request.badBatch ?? "") ?? request.from)
    var configuration = try folder.recordedConfiguration(at: folder.path)
    let metrics: RecordedMetrics?
    let span: ClosedRange<Int>
    if let badBatch {
      // The run may have ended at its very first step.
      metrics = try? RecordedMetrics(path: folder.metricsPath)
      span = badBatch.step...badBatch.step
    } else {
      let recorded = try RecordedMetrics(path: folder.metricsPath)
      span = try Self.span(request, recorded, configuration)
      metrics = recorded
    }
    let last = span.upperBound
    var remarks: [String] = []
    checkpoint = CheckpointStore(runFolder: folder.path, keep: 1).newestValid(upTo: span.lowerBound - 1) {
      remarks.append($0)
    }
    if checkpoint == nil, span.lowerBound > 1 {
      remarks.append(
        "no whole checkpoint before step \(span.lowerBound) is left, so the replay begins with step 1: the run kept its "
          + "newest \(configuration.keepCheckpoints) (\(option: "keep-checkpoints"))")
    }
    let steps = (checkpoint?.step ?? 0) + 1...last
    // Whether the step of a file is bad again is the question: it is not compared, and ends the replay if it is.
    let comparable = badBatch == nil ? last : last - 1
    badSteps = (metrics?.badSteps ?? [:]).filter { steps.contains($0.key) && $0.key <= comparable }
    // One by one: a damaged line may name a step far beyond the others.
    var numbers: [Int: [Double]] = [:]
    for step in steps where step <= comparable {
      guard step % configuration.logEveryNSteps == 0 || badSteps[step] != nil, let metrics else { continue }
      numbers[step] = try metrics.exactNumbers(of: step)
    }
    self.numbers = numbers

    let history = LaunchHistory(path: folder.launchesPath)
    let launches = history.launches(of: steps)
    launch = launches.last
    remarks += try Self.check(launches, of: history, steps: steps, folder, configuration)
    if let launch {
      (configuration.shards, configuration.maxEpochs) = (launch.shards, launch.maxEpochs)
      // Only steps that the launch was given can have ended its cosine.
      configuration.maxSteps = launch.maxSteps ?? last
      configuration.threads = launch.kernels.threads
    } else {
      configuration.shards = checkpoint?.state.shards ?? configuration.shards
    }
    lastStep = last
    // The validation data need not be here.
    configuration.removeMonitoring()
    if let threads = request.threads { configuration.threads = threads }
    if let data = request.data { configuration.data = data }
    self.configuration = configuration
    self.remarks = remarks
  }

  /// The steps that are asked for.
  private static func span(
    _ request: ReplayRequest, _ metrics: RecordedMetrics, _ configuration: TrainingConfiguration
  ) throws -> ClosedRange<Int> {
    let last = request.step ?? metrics.lastStep
    try metrics.requireRange(last, option: "\(option: "step")")
    let first = request.firstStep ?? last
    try metrics.requireRange(first, option: "\(option: "first-step")")
    guard first <= last else {
      throw Failure(
        .usage, "the first step is after the last one", at: "\(option: "first-step")", expected: "at most \(last)",
        found: "\(first)")
    }
    guard last % configuration.logEveryNSteps == 0 || metrics.badSteps[last] != nil else {
      throw Failure(
        .usage, "the step was not logged", at: "\(option: "step")",
        expected: "a multiple of \(configuration.logEveryNSteps)",
        found: "\(last)",
        remedy: "the run wrote only some steps: it has \(option: "log-every-n-steps") \(configuration.logEveryNSteps)")
    }
    return first...last
  }

  /// Throws when one replay cannot repeat all steps; returns what the user should know about the launches.
  private static func check(
    _ launches: [LaunchRecord], of history: LaunchHistory, steps: ClosedRange<Int>, _ folder: RunFolder,
    _ configuration: TrainingConfiguration
  ) throws -> [String] {
    func remedy(_ after: LaunchRecord) -> String {
      "give \(option: "step") \(after.firstStep - 1) or one before it, or a \(option: "first-step") after a later checkpoint"
    }
    var remarks: [String] = []
    if history.unreadableLines > 0 {
      remarks.append("\(folder.launchesPath): \(history.unreadableLines.counted("unreadable line")) left out")
    }
    guard let last = launches.last else {
      if let start = history.launches.first {
        throw Failure(
          .data, "the run did not begin at step 1, and no checkpoint before the first step is left",
          at: folder.path, expected: "a checkpoint of a step before \(start.firstStep)",
          remedy: "choose a \(option: "step") after one of the run's checkpoints")
      }
      return remarks + ["\(folder.launchesPath) is missing: threads and kernels of the run are not known"]
    }
    for (before, after) in zip(launches, launches.dropFirst()) {
      if before.data != after.data {
        throw Failure(
          .data, "the run resumed with other data at step \(after.firstStep), and a replay has only one data set",
          at: folder.launchesPath, expected: "fingerprint \(before.data.prefix(16)) from step \(steps.lowerBound) on",
          found: "fingerprint \(after.data.prefix(16))", remedy: remedy(after))
      }
      let endMoved = before.endOfCosine != after.endOfCosine && configuration.lrScheduler == .warmupCosine
      guard before.shards != after.shards || endMoved else { continue }
      func options(_ launch: LaunchRecord) -> String {
        "\(option: "shards") \(launch.shards)" + (endMoved ? " \(launch.endOfCosine)" : "")
      }
      throw Failure(
        .data, "the run resumed with other options at step \(after.firstStep), and a replay has only one set",
        at: folder.launchesPath, expected: "\(options(before)) from step \(steps.lowerBound) on, where it starts",
        found: options(after),
        remedy: remedy(after))
    }
    if launches.contains(where: { $0.kernels != last.kernels }) {
      remarks.append(
        "\(launches.count) launches on different kernels did these steps; the replay can repeat those of "
          + "\(last.kernels.text), which did the last")
    }
    return remarks
  }

  /// Opens the data; a failure says how to name another place if none was named.
  static func openData(_ spec: String, given: Bool) throws -> any Dataset {
    do { return try DataSpec.open(spec) } catch var failure as Failure {
      if !given {
        failure.remedy = "the run had its data there; give \(option: "data") SPEC to say where they are now"
      }
      throw failure
    }
  }

  /// Throws unless the data are those of the recorded launch, as far as the fingerprint tells. For a bad batch, other
  /// data may be given, to see whether they are mended: then returns a remark.
  func checkData(_ dataset: any Dataset, fingerprint: String, given: Bool) throws -> [String] {
    guard let launch, fingerprint != launch.data else { return [] }
    if badBatch != nil && given { return ["\(dataset.name) is not the data that the run was trained on"] }
    throw Failure(
      .data, "the data are not those that the run was trained on", at: dataset.name,
      expected: "fingerprint \(launch.data)", found: "\(fingerprint) (\(dataset.summary))",
      remedy: "give \(option: "data") SPEC with the data of the run, in the same order")
  }
}
