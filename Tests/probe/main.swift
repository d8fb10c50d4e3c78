// Parts of bt-dist on real ranks, for Tests/parallel: `mpirun -np N rank-probe PART …` writes what it computed.
import Diagnostics
import Foundation
import MPI

let communicator = try Communicator.join()
do {
  let arguments = Array(CommandLine.arguments.dropFirst())
  switch arguments.first {
  case "loss": try LossProbe(arguments, communicator).run()
  case "network": try NetworkProbe(arguments, communicator).run()
  case "allocations": try AllocationProbe().run()
  case "sums": try SumProbe(communicator).run()
  case "disagreement": try disagree(communicator)
  case "agreement": try AgreementProbe(arguments, communicator).run()
  case "callbacks": try CallbackProbe(arguments, communicator).run()
  case "estimator": try EstimatorProbe(arguments, communicator).run()
  case "dropout": try DropoutProbe(arguments, communicator).train()
  default:
    throw Failure(
      .usage, "rank-probe loss|network|allocations|sums|disagreement|agreement|callbacks|estimator|dropout …")
  }
  communicator.leave()
} catch {
  FileHandle.standardError.write(Data("rank \(communicator.rank): \(error)\n".utf8))
  communicator.abort(code: 70)
}
