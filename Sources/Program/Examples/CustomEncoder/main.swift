// A network and a layer of one's own, trained and used through the library.
//
//     mpirun -np 2 .build/release/custom-encoder [RUN]
//
// With RUN it leaves a run folder, and a second start resumes from its newest checkpoint.
import BarlowTwinsDistributed
import Foundation

/// Linear 20 → 32, PReLU, linear 32 → 16.
func makeEncoder(sampleShape: [Int]) -> Encoder {
  let inputs = sampleShape.reduce(1, *)
  let layers: [any Layer] = [
    Linear("encoder.0", inputs: inputs, outputs: 32, bias: true, needsInputGradient: false),
    PReLU("encoder.1", features: 32),
    Linear("encoder.2", inputs: 32, outputs: 16, bias: true),
  ]
  return Encoder(name: "linear-prelu-linear", layers: Sequential(layers), features: 16, input: .rows)
}

func train(_ communicator: Communicator) throws -> Int32 {
  var options = TrainingConfiguration()
  options.augment = "noise=0.1"
  options.batchSize = 64
  options.shards = 4
  options.projHiddenDim = 64
  options.projOutputDim = 64
  options.learningRate = 3e-3
  options.lrScheduler = .none
  options.maxEpochs = 5
  options.out = CommandLine.arguments.dropFirst().first ?? ""

  let model = BarlowTwins(options, encoder: makeEncoder, communicator)
  let table = try DataSpec.open("synthetic:20,n=640,classes=4")
  let end = try model.fit(table)
  let (features, targets) = try model.transformWithTargets(table)
  if communicator.rank == 0 {
    let slopes = try model.values(of: "encoder.1.weight").prefix(4).map { "\($0)" }.joined(separator: ", ")
    print("\(features.rows) × \(features.columns) features of \(Set(targets).count) classes; slopes \(slopes), …")
  }
  return end == .finished ? 0 : Failure.Kind.interrupted.rawValue
}

SignalWatch.begin()
exit(Job.run(named: "custom-encoder", work: train))
