import Files
import Foundation
import Layers
import MPI
import RunRecord

extension LaunchRecord {
  /// The launch that is about to do its first step, on data with this fingerprint.
  package init(_ parts: TrainingParts, data: String) {
    // A file system without /proc is no reason not to train.
    let program = (try? RunningProgram.sha256.get()) ?? ""
    self.init(
      firstStep: parts.state.step + 1, date: Date(), ranks: parts.communicator.size, hosts: parts.communicator.hosts,
      shards: parts.plan.batches.shards,
      maxEpochs: parts.plan.configuration.maxEpochs, maxSteps: parts.plan.configuration.maxSteps, kernels: .current,
      isIndependentOfRanks: parts.isIndependentOfRanks, data: data, program: program)
  }

  /// The same, with how a run that trains came by its checkpoint.
  init(_ parts: TrainingParts, _ start: RunStart, _ contents: DataContents) {
    self.init(parts, data: contents.training.fingerprint)
    validationData = contents.validation?.fingerprint
    wentBackTo = start.resumption?.goingBack?.to
    if start.resumption?.origin != nil { beganWith = start.resumption?.checkpoint?.path }
  }
}
