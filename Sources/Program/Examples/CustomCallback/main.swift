// A callback that logs each epoch and ends the run when the loss has come far enough.
//
//     mpirun -np 2 .build/release/custom-callback [PERCENT]
//
// PERCENT says how far, from the loss of the first step (0) to its floor (100); 50 without it.
import BarlowTwinsDistributed
import Foundation

/// Lives on all ranks, and is called on rank 0 only: what it asks for there, all ranks do.
final class FarEnough: Callback {
  private let goal: Double
  private var progress = 0.0
  private var control: RunControl?

  init(_ goal: Double) { self.goal = goal }

  func runWillStart(_ summary: RunSummary, _ control: RunControl) { self.control = control }

  func stepDidEnd(_ record: StepRecord) { progress = record.progress }

  func epochDidEnd(_ record: EpochRecord) {
    let percent = Int(100 * progress)
    print("epoch \(record.epoch): mean loss \(record.loss.loss), \(percent)% of the way to the floor")
    if progress >= goal { control?.requestStop("the loss is \(percent)% of the way to its floor") }
  }
}

func train(_ communicator: Communicator) throws -> Int32 {
  var options = TrainingConfiguration()
  options.encoder = .mlp
  options.mlpHidden = [64, 16]
  options.augment = "noise=0.1"
  options.batchSize = 64
  options.shards = 4
  options.projHiddenDim = 64
  options.projOutputDim = 64
  options.learningRate = 3e-3
  options.lrScheduler = .none
  options.maxEpochs = 100
  options.logEveryNSteps = 10
  options.enableProgressBar = false
  let percent = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 50

  let model = BarlowTwins(options, communicator)
  let end = try model.fit(DataSpec.open("synthetic:20,n=640,classes=4"), callbacks: [FarEnough(percent / 100)])
  if communicator.rank == 0 { print("after step \(model.step): \(end)") }
  if case .interrupted = end { return Failure.Kind.interrupted.rawValue }
  return 0
}

SignalWatch.begin()
exit(Job.run(named: "custom-callback", work: train))
