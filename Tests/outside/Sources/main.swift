// A layer, a data set and a callback of one's own on one rank: trained, used, saved and loaded. `.ci/run` builds and runs it.
import BarlowTwinsDistributed
import Foundation

final class Listener: Callback {
  var losses: [Double] = []
  var end: RunEnd?

  func stepDidEnd(_ record: StepRecord) { losses.append(record.loss) }
  func runDidEnd(_ end: RunEnd, finalStep: Int, seconds: Double) { self.end = end }
}

func makeEncoder(sampleShape: [Int]) -> Encoder {
  let layers: [any Layer] = [
    Linear("encoder.0", inputs: sampleShape[0], outputs: 16, bias: true, needsInputGradient: false),
    Scale("encoder.1", features: 16), ReLU(), Linear("encoder.3", inputs: 16, outputs: 8, bias: true),
  ]
  return Encoder(name: "scaled", layers: Sequential(layers), features: 8, input: .rows)
}

func work(_ communicator: Communicator) throws -> Int32 {
  var options = TrainingConfiguration()
  options.augment = "noise=0.05"
  options.batchSize = 32
  options.projHiddenDim = 16
  options.projOutputDim = 16
  options.learningRate = 1e-2
  options.lrScheduler = .none
  options.maxEpochs = 5
  options.enableModelSummary = false
  options.logEveryNSteps = 10
  let model = BarlowTwins(options, encoder: makeEncoder, communicator)
  let listener = Listener()
  let end = try model.fit(Spirals(), validation: DataSpec.open("synthetic:12,n=64"), callbacks: [listener])
  let (features, targets) = try model.transformWithTargets(Spirals())

  let path = NSTemporaryDirectory() + "bt-dist-outside-\(getpid()).safetensors"
  defer { try? FileManager.default.removeItem(atPath: path) }
  try model.save(to: path)
  let loaded = try BarlowTwins.load(path, encoder: makeEncoder, communicator).transform(Spirals())
  let factors = try model.values(of: "encoder.1.weight")

  let expectations = [
    "the run ends": end == .finished && listener.end == .finished,
    "every step is heard": listener.losses.count == 20,
    "the loss falls": listener.losses.last! < listener.losses.first!,
    "the layer learns": factors.allSatisfy(\.isFinite) && factors.contains { abs($0 - 1) > 1e-3 },
    "every sample has features": features.rows == 128 && features.columns == 8 && targets.count == 128,
    "a loaded model gives the same features": loaded == features,
  ]
  for (expectation, isMet) in expectations where !isMet { print("not so: \(expectation)") }
  let met = expectations.values.filter { $0 }.count
  print("\(met) of \(expectations.count) expectations are met")
  return met == expectations.count ? 0 : 1
}

exit(Job.run(named: "outside", work: work))
