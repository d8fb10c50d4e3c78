// A 3-D network on volumes, and its features: made-up volumes here, `npy:volumes.npy` (N×D×H×W or N×C×D×H×W) for real ones.
//
//     mpirun -np 2 .build/release/volumes [SPEC]
import BarlowTwinsDistributed
import Foundation

func train(_ communicator: Communicator) throws -> Int32 {
  var options = TrainingConfiguration()
  options.encoder = .resnet3d18
  options.width = 8  // 64 in earnest
  options.nEmbedding = 32  // 512
  options.projHiddenDim = 64  // 2048
  options.projOutputDim = 64  // 2048
  // There is no usual recipe for volumes. Views that somebody else has made come as `pairs:X1.npy,X2.npy`.
  options.augment = "noise=0.05"
  options.batchSize = 16
  options.shards = 2
  options.learningRate = 1e-3
  options.lrScheduler = .none
  options.maxEpochs = 3

  let volumes = try DataSpec.open(CommandLine.arguments.dropFirst().first ?? "synthetic:1x16x16x16,n=64,classes=4")
  let model = BarlowTwins(options, communicator)
  let end = try model.fit(volumes)
  let features = try model.transform(volumes)
  if communicator.rank == 0 {
    print("\(volumes.summary)")
    print("\(features.rows) × \(features.columns) features; the first volume's: \(features[0].prefix(4)), …")
  }
  return end == .finished ? 0 : Failure.Kind.interrupted.rawValue
}

SignalWatch.begin()
exit(Job.run(named: "volumes", work: train))
