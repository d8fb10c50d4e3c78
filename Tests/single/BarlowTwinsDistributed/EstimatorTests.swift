import BarlowTwinsDistributed
import Configuration
import DataParallel
import Datasets
import Encoders
import Layers
import MPI
import ModelFiles
import Models
import TestSupport
import Testing

/// The estimator on one rank, without MPI.
@Suite(.serialized) struct EstimatorTests {
  private let communicator: Communicator
  private let folder: TemporaryFolder

  init() throws { (communicator, folder) = (try Communicator.join(), try TemporaryFolder()) }

  /// A small network on `samples` rows of 12 features in 3 classes; nothing is written.
  private func model(_ change: (inout TrainingConfiguration) -> Void = { _ in }) -> BarlowTwins {
    var options = TrainingConfiguration()
    (options.encoder, options.mlpHidden, options.projHiddenDim, options.projOutputDim) = (.mlp, [16, 6], 16, 24)
    (options.batchSize, options.shards, options.augment, options.lrScheduler) = (32, 2, "noise=0.2", .none)
    (options.learningRate, options.maxEpochs, options.maxSteps, options.enableProgressBar) = (1e-2, nil, 4, false)
    options.enableModelSummary = false
    change(&options)
    return BarlowTwins(options, communicator)
  }

  private func table(_ samples: Int = 100) throws -> any Dataset {
    try DataSpec.open("synthetic:12,n=\(samples),classes=3")
  }

  /// Pairs of 32 samples with labels; another batch for another seed.
  private func pairs(seed: UInt64, samples: Int = 32) throws -> MemoryDataset {
    let first = normalNumbers(samples * 12, seed: seed)
    let second = zip(first, normalNumbers(samples * 12, seed: seed + 1000)).map { 0.8 * $0 + 0.6 * $1 }
    return try MemoryDataset(
      views: [first, second], sampleShape: [12], labels: (0..<Int32(samples)).map { $0 % 3 })
  }

  private func weights(_ model: BarlowTwins) throws -> [Float] {
    try [
      "encoder.0.weight", "encoder.3.bias", "projection_head.layers.6.weight", "projection_head.layers.1.running_var",
    ]
    .flatMap(model.values)
  }

  // MARK: fit

  @Test func fitAgainGoesOnAsIfItHadNotEnded() throws {
    let (once, twice) = (model { $0.maxSteps = 8 }, model())
    #expect(try once.fit(table()) == .finished && once.step == 8)
    try twice.fit(table())
    #expect(twice.step == 4 && twice.isFitted)
    twice.configuration.maxSteps = 8
    try twice.fit(table())
    #expect(twice.step == 8)
    #expect(try weights(twice) == weights(once))
    // With nothing left to do nothing changes.
    twice.configuration.maxSteps = 5
    try twice.fit(table())
    #expect(try weights(twice) == weights(once))
  }

  @Test func fitAnewBeginsAtStepZero() throws {
    let model = model()
    try model.fit(table())
    let first = try weights(model)
    try model.fit(table(), start: .anew)
    #expect(try model.step == 4 && weights(model) == first)
    model.configuration.randomState = 1
    try model.fit(table(), start: .anew)
    #expect(try weights(model) != first)
  }

  @Test func fitGoesOnFromTheRunFolder() throws {
    let run = folder.file("run")
    let (first, second, whole) = (
      model { $0.out = run }, model { ($0.out, $0.maxSteps) = (run, 7) }, model { $0.maxSteps = 7 }
    )
    try first.fit(table())
    try second.fit(table())
    try whole.fit(table())
    #expect(try weights(second) == weights(whole))
    #expect(try RunResult(run).losses.count == 7)
    #expect { try second.fit(table(), start: .anew) } throws: { "\($0)".contains("already holds a run") }
  }

  @Test func anotherNetworkOrOptimizerCannotGoOn() throws {
    let model = model()
    try model.fit(table())
    model.configuration.maxSteps = 8
    model.configuration.optimizer = .sgd
    #expect { try model.fit(table()) } throws: { "\($0)".contains("another optimizer") }
    model.configuration.optimizer = .adamW
    model.configuration.projOutputDim = 25
    #expect { try model.fit(table()) } throws: { "\($0)".contains("another network") }
  }

  @Test func aNetworkOfOnesOwn() throws {
    func make(_ shape: [Int]) -> Encoder {
      Encoder(
        name: "one layer",
        layers: Sequential([Linear("encoder.only", inputs: 12, outputs: 5, bias: false, needsInputGradient: false)]),
        features: 5, input: .rows)
    }
    let own = BarlowTwins(model().configuration, encoder: make, communicator)
    try own.fit(table())
    #expect(try own.values(of: "encoder.only.weight").count == 60)
    let features = try own.transform(table(70))
    #expect(features.rows == 70 && features.columns == 5)
    try own.save(to: folder.file("own.safetensors"))
    let loaded = try BarlowTwins.load(folder.file("own.safetensors"), encoder: make, communicator)
    #expect(try loaded.transform(table(70)) == features)
    // Without it there is nothing to put the parameters into.
    #expect(throws: (any Error).self) {
      try BarlowTwins.load(folder.file("own.safetensors"), communicator).transform(table(70))
    }
  }

  // MARK: transform

  @Test(arguments: [1, 63, 64, 65, 130]) func featuresStandInTheOrderOfTheData(samples: Int) throws {
    let model = model()
    try model.fit(table())
    let (features, targets) = try model.transformWithTargets(table(samples))
    #expect(features.rows == samples && features.columns == 6 && targets == (0..<Int32(samples)).map { $0 % 3 })
    // Samples of this data set do not depend on how many there are.
    let more = try model.transform(table(140))
    #expect((0..<samples).allSatisfy { features[$0] == more[$0] })
    #expect(features[0] != features[samples - 1] || samples == 1)
  }

  @Test func transformIsTheFormula() throws {
    let model = model()
    try model.fit(table())
    let data = try table(3)
    var x = [Float](repeating: 0, count: 36)
    try x.withUnsafeMutableBufferPointer { try data.readRange(0..<3, into: $0.baseAddress!) }
    func linear(_ x: [Double], _ name: String, _ outputs: Int) throws -> [Double] {
      let (w, b) = (try model.values(of: name + ".weight"), try model.values(of: name + ".bias"))
      return (0..<outputs).map { o in
        x.indices.reduce(Double(b[o])) { $0 + Double(w[o * x.count + $1]) * x[$1] }
      }
    }
    let features = try model.transform(data)
    for row in 0..<3 {
      let hidden = try linear(x[row * 12..<row * 12 + 12].map(Double.init), "encoder.0", 16).map { max(0, $0) }
      let expected = try linear(hidden, "encoder.3", 6)
      for (found, expected) in zip(features[row], expected) { #expect(abs(Double(found) - expected) < 1e-5) }
    }
  }

  @Test func whatCannotBeTransformed() throws {
    let model = model()
    #expect { try model.transform(table()) } throws: { "\($0)".contains("not fitted") }
    try model.fit(table())
    #expect { try model.transform(DataSpec.open("synthetic:13,n=5")) } throws: { "\($0)".contains("fitted to") }
    #expect { try model.transform(table(), view: 1) } throws: { "\($0)".contains("fitted to") }
    let unlabelled = try MemoryDataset(views: [[Float](repeating: 1, count: 12)], sampleShape: [12])
    #expect { try model.transformWithTargets(unlabelled) } throws: { "\($0)".contains("no labels") }
    #expect(try model.transform(unlabelled).rows == 1)
  }

  // MARK: Steps

  @Test func stepsOnGivenBatchesAreThoseOfFit() throws {
    // One batch in all: the order of its samples does not change.
    let batch = try pairs(seed: 1)
    let (fitted, stepped) = (model { ($0.maxSteps, $0.shuffle, $0.augment) = (3, false, "none") }, model())
    try fitted.fit(batch)
    var losses: [Double] = []
    for _ in 0..<3 {
      let output = try stepped.trainingStep(batch)
      losses.append(output.loss.total)
      #expect(output.z1.rows == 32 && output.z1.columns == 24 && output.z2.rows == 32 && output.y == batch.labels)
      #expect(output.z1 != output.z2)
    }
    #expect(stepped.step == 3 && losses[2] < losses[0])
    #expect(try weights(stepped) == weights(fitted))
    // And fit continues from there.
    for model in [fitted, stepped] {
      model.configuration.maxSteps = 5
      (model.configuration.shuffle, model.configuration.augment) = (false, "none")
      try model.fit(batch)
    }
    #expect(try weights(stepped) == weights(fitted))
  }

  @Test func validationStepsChangeNothing() throws {
    let model = model()
    try model.fit(table())
    let (before, batch) = (try weights(model), try pairs(seed: 5))
    let first = try model.validationStep(batch)
    let other = try model.validationStep(pairs(seed: 9))
    let again = try model.validationStep(batch)
    #expect(try weights(model) == before && model.step == 4)
    #expect(first.loss.total == again.loss.total && first.z1 == again.z1 && first.loss.total != other.loss.total)
    // Running statistics: not what training makes of the same batch.
    let trained = try model.trainingStep(batch)
    #expect(trained.z1 != first.z1 && trained.y == first.y)
    #expect(try weights(model) != before)
    // Another size of batch keeps what was learned.
    let values = try weights(model)
    #expect(try model.validationStep(pairs(seed: 5, samples: 8)).z1.rows == 8)
    #expect(try weights(model) == values)
  }

  @Test func batchesThatAreNoPairs() throws {
    let model = model()
    #expect { try model.trainingStep(table(32)) } throws: { "\($0)".contains("pairs") }
    #expect(throws: (any Error).self) { try model.trainingStep(pairs(seed: 1, samples: 7)) }
  }

  // MARK: Files

  @Test func whatIsSavedTransformsAndTrainsOn() throws {
    let model = model()
    try model.fit(table())
    let (path, features) = (folder.file("model.safetensors"), try model.transform(table(20)))
    try model.save(to: path)
    let loaded = try BarlowTwins.load(path, communicator)
    #expect(loaded.isFitted && loaded.step == 0 && loaded.configuration == model.configuration)
    #expect(try loaded.transform(table(20)) == features && weights(loaded) == weights(model))
    // A new run that begins with the loaded parameters.
    loaded.configuration.learningRate = 0
    loaded.configuration.weightDecay = 0
    try loaded.fit(table())
    #expect(try loaded.step == 4 && loaded.values(of: "encoder.0.weight") == model.values(of: "encoder.0.weight"))
  }

  @Test func filesThatSaveHasNotWritten() throws {
    let unfitted = model()
    #expect { try unfitted.save(to: folder.file("x")) } throws: { "\($0)".contains("not fitted") }
    #expect { try BarlowTwins.load(Fixture.path("train-mlp.safetensors"), communicator) } throws: {
      "\($0)".contains("not written by save")
    }
    try folder.write("torn.safetensors", [1, 2, 3])
    #expect(throws: AgreedFailure.self) { try BarlowTwins.load(folder.file("torn.safetensors"), communicator) }
  }

  // MARK: one way to a network

  /// With kernels other than the static rule's, `transform`, `bt-dist embed`, and both after `load` compute the same.
  @Test func aTableOfKernelsGivesTheSameFeaturesEverywhere() throws {
    let data = try DataSpec.open("synthetic:512,n=80")
    let method = ["forward": "matrixProduct"]
    let model = model { options in
      options.mlpHidden = [256, 64]
      options.kernels = ["encoder.0.weight": method, "encoder.3.weight": method]
      options.out = folder.file("run")
      options.maxSteps = 2
    }
    try model.fit(data)
    let features = try model.transform(data).values
    let trained = try TrainedEncoder(from: folder.file("run"))
    let embedded = try FeatureRun(data, trained.extractor(sampleShape: [512]), communicator).collect()
    #expect(Array(embedded.elements) == features)
    try model.save(to: folder.file("model.safetensors"))
    let loaded = try BarlowTwins.load(folder.file("model.safetensors"), communicator)
    #expect(try loaded.transform(data).values == features)

    // The static rule gives other bits, or this test would show nothing.
    let plain = try ConfiguredNetwork(model.configuration, sampleShape: [512]).featureExtractor(kernels: KernelTable())
    try ModelFile(plain.state).read(trained.checkpoint.modelPath, ignoring: "projection_head.")
    let others = try FeatureRun(data, plain, communicator).collect()
    #expect(Array(others.elements) != features)
  }
}
