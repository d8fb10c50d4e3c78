// Saves a trained model, loads it, writes the features of other data, and says how well they separate classes.
//
//     mpirun -np 2 .build/release/features MODEL.safetensors FEATURES.npy
import BarlowTwinsDistributed
import Foundation

/// The share of samples whose features lie nearest to the mean features of their own class.
func accuracy(_ features: FeatureMatrix, _ targets: [Int32]) -> Double {
  var means: [Int32: [Float]] = [:]
  for target in Set(targets) {
    let rows = targets.indices.filter { targets[$0] == target }
    means[target] = (0..<features.columns).map { column in
      rows.reduce(0) { $0 + features.values[$1 * features.columns + column] } / Float(rows.count)
    }
  }
  func distance(_ row: Int, _ target: Int32) -> Float {
    zip(features[row], means[target]!).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }
  let hits = targets.indices.filter { row in means.keys.min { distance(row, $0) < distance(row, $1) } == targets[row] }
  return Double(hits.count) / Double(targets.count)
}

func train(_ path: String, _ communicator: Communicator) throws -> RunEnd {
  var options = TrainingConfiguration()
  options.encoder = .mlp
  options.mlpHidden = [64, 16]
  options.augment = "noise=0.3"
  options.batchSize = 64
  options.shards = 4
  options.projHiddenDim = 64
  options.projOutputDim = 64
  options.learningRate = 3e-3
  options.lrScheduler = .none
  options.maxEpochs = 5
  let model = BarlowTwins(options, communicator)
  let end = try model.fit(DataSpec.open("synthetic:20,n=640,classes=4"))
  try model.save(to: path)
  return end
}

func work(_ communicator: Communicator) throws -> Int32 {
  let paths = CommandLine.arguments.dropFirst().prefix(2).map { $0 }
  guard paths.count == 2 else { throw AgreedFailure(Failure(.usage, "give MODEL.safetensors and FEATURES.npy")) }
  guard try train(paths[0], communicator) == .finished else { return Failure.Kind.interrupted.rawValue }

  let model = try BarlowTwins.load(paths[0], communicator)
  let (features, targets) = try model.transformWithTargets(DataSpec.open("synthetic:20,n=100,classes=4"))
  try communicator.onRoot {
    try features.save(to: paths[1])
    print("\(paths[1]): \(features.rows) × \(features.columns); \(accuracy(features, targets)) nearest to their class")
  }
  return 0
}

SignalWatch.begin()
exit(Job.run(named: "features", work: work))
