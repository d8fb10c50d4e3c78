import Configuration
import DataParallel
import Layers
import Loading
import MPI
import Tensors
import Training

/// A training whose steps are measured; several of them may take turns in a process.
final class MeasuredRun {
  let run: TrainingRun
  /// Bytes of the rank at its peak, as if it were alone; nil where that is not known.
  let predictedBytes: Int?
  private(set) var steps: [StepTimes] = []
  /// For each timed step, one entry a layer.
  private(set) var layers: [[LayerTimes]] = []
  private(set) var lastLoss = 0.0
  private let requestedThreads: Int?
  private let communicator: Communicator
  private let control: StepControl
  private var loader: BatchLoader?
  private var step = 0

  /// Plans everything; begins to load at the first step. A collective.
  init(_ configuration: TrainingConfiguration, _ communicator: Communicator) throws {
    let before = MemoryLedger.process.bytes.values.reduce(0, +)
    let configuration = configuration.asBenchmark
    communicator.position.place = "opening the data"
    let dataset = try communicator.together {
      try configuration.validate()
      return try configuration.openBenchmarkData()
    }
    run = try TrainingRun(configuration, dataset, communicator)
    requestedThreads = configuration.threads
    predictedBytes = run.summary.memory.map { $0.peakOfRank - before }
    (self.communicator, control) = (communicator, StepControl(communicator))
  }

  /// Sets the rank's threads to those of this run.
  func configureThreads() throws { try RankThreads.configure(requested: requestedThreads) }

  /// One step of the training. A collective.
  ///
  /// - Parameter counts: whether its times are kept.
  func measureStep(counts: Bool) throws {
    try configureThreads()
    if loader == nil { loader = try communicator.together(run.parts.makeLoader) }
    communicator.position = Position(step: step + 1, place: "agreement on the step")
    let (clock, whole) = (PhaseClock(communicator), PhaseClock(communicator))
    let communicated = communicator.secondsOfCommunication
    control.attempt { _ = try loader?.next(into: run.network.inputs) }
    var times = StepTimes()
    times.data = clock.lap()
    try control.agree()
    let outcome = try run.parts.globalStep.run(step: step)
    if let bad = outcome.badNumber {
      throw AgreedFailure(bad.failure(loss: outcome.loss, gradientNorm: outcome.gradientNorm, step: step + 1))
    }
    times.communication = 1e3 * (communicator.secondsOfCommunication - communicated)
    times.step = whole.lap() + times.communication
    (times.forward, times.loss) = (outcome.phases.forwardMs, outcome.phases.lossMs)
    (times.backward, times.optimizer) = (outcome.phases.backwardMs, outcome.phases.optimizerMs)
    let parts = StepTimes.phases.reduce(0) { $0 + times[keyPath: $1.path] }
    times.other = max(0, times.step - parts)
    (step, lastLoss) = (step + 1, outcome.loss.total)
    if counts { steps.append(times) }
  }

  /// One more step, of which the layers' times are kept. A collective.
  func measureLayers() throws {
    run.network.isTimed = true
    defer { run.network.isTimed = false }
    try measureStep(counts: false)
    layers.append(run.network.layerTimes)
  }

  func stop() { loader?.stop() }
}
