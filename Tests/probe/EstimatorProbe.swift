import BarlowTwinsDistributed
import Configuration
import Datasets
import Files
import Foundation
import MPI
import TestSupport

/// `estimator FOLDER`: every method of the estimator once; each rank writes what it got to `FOLDER/rank-R`, and rank 0
/// the saved parameters.
struct EstimatorProbe {
  private let folder: String
  private let communicator: Communicator

  init(_ arguments: [String], _ communicator: Communicator) {
    (folder, self.communicator) = (arguments[1], communicator)
  }

  func run() throws {
    var options = TrainingConfiguration()
    (options.encoder, options.mlpHidden, options.projHiddenDim, options.projOutputDim) = (.mlp, [16, 6], 16, 24)
    (options.batchSize, options.shards, options.augment, options.lrScheduler) = (32, 4, "noise=0.2", .none)
    (options.learningRate, options.maxSteps, options.enableProgressBar) = (1e-2, 4, false)
    options.enableModelSummary = false
    let table = try DataSpec.open("synthetic:12,n=100,classes=3")
    let model = BarlowTwins(options, communicator)
    try model.fit(table, validation: DataSpec.open("synthetic:12,n=40,classes=3,seed=1"))
    model.configuration.maxSteps = 6
    try model.fit(table)
    let first = normalNumbers(32 * 12, seed: 1)
    let second = zip(first, normalNumbers(32 * 12, seed: 2)).map { 0.8 * $0 + 0.6 * $1 }
    let batch = try MemoryDataset(views: [first, second], sampleShape: [12])
    let (trained, validated) = (try model.trainingStep(batch), try model.validationStep(batch))
    let (features, targets) = try model.transformWithTargets(DataSpec.open("synthetic:12,n=70,classes=3"))
    try model.save(to: folder + "/model.safetensors")
    let loaded = try BarlowTwins.load(folder + "/model.safetensors", communicator)
    let again = try loaded.transform(DataSpec.open("synthetic:12,n=70,classes=3"))
    let lines = [
      "step \(model.step)", "losses \(trained.loss.total) \(validated.loss.total)", "targets \(targets)",
      "z1 \(try digest(trained.z1.values + validated.z1.values))",
      "z2 \(try digest(trained.z2.values + validated.z2.values))",
      "features \(try digest(features.values)) \(features.rows)×\(features.columns)",
      "loaded \(try digest(again.values))",
      "weights \(try digest(model.values(of: "projection_head.layers.3.weight")))",
    ]
    try OutputFile.replace("\(folder)/rank-\(communicator.rank)", with: lines.joined(separator: "\n") + "\n")
  }

  private func digest(_ values: [Float]) throws -> String { try values.withUnsafeBytes { try SHA256.hex(of: $0) } }
}
