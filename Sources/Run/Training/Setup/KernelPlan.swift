import Configuration
import DataParallel
import Diagnostics
import Layers
import MPI
import TwinNetwork

/// How a run comes by its table of kernels, and what came of it.
///
/// A resumed run and a replay take the table that the run began with. A new run takes what its configuration fixes,
/// and lets rank 0 measure the rest; the others follow rank 0.
struct KernelPlan {
  /// The table that all ranks were planned with.
  let table: KernelTable
  /// A line for the log.
  let line: String
  let remarks: [String]

  /// Plans the network on all ranks. A collective; a failure of any rank, rank 0's measuring included, is thrown by all.
  ///
  /// - Parameter report: told on rank 0 what is being measured.
  /// - Parameter makeNetwork: called once on each rank.
  static func makeNetwork(
    _ start: RunStart, _ communicator: Communicator, report: ((String) -> Void)?,
    _ makeNetwork: (KernelChooser) throws -> BarlowTwinsNetwork
  ) throws -> (network: BarlowTwinsNetwork, plan: KernelPlan) {
    let configuration = start.plan.configuration
    let isNew = start.state == nil && start.isNewRun
    var chooser = try communicator.together {
      let recorded = start.state?.kernels ?? configuration.kernels ?? [:]
      let tuner = isNew && communicator.rank == 0 && configuration.autotune == .on ? tuner(configuration) : nil
      tuner?.report = report
      tuner?.pause = { [weak tuner] in try endIfInterrupted(tuner) }
      return KernelChooser(try KernelTable(recorded), isStrict: isNew, tuner: tuner)
    }
    var network: BarlowTwinsNetwork?
    if isNew, communicator.size > 1 {
      communicator.position.place = "waiting for rank 0, which chooses kernels"
      try communicator.onRoot {
        network = try makeNetwork(chooser)
        try chooser.requireAllUsed()
      }
      let text = try communicator.broadcast(chooser.table.json)
      communicator.position.place = "planning the network and loading its parameters"
      try communicator.together {
        guard communicator.rank > 0 else { return }
        chooser = KernelChooser(try KernelTable(json: text))
        network = try makeNetwork(chooser)
      }
    } else {
      try communicator.together {
        network = try makeNetwork(chooser)
        try chooser.requireAllUsed()
      }
    }
    chooser.tuner?.finish()
    let table = try KernelTable(json: communicator.broadcast(chooser.table.json))
    return (network!, KernelPlan(table: table, line: line(chooser), remarks: chooser.tuner?.remarks ?? []))
  }

  /// Measures for at most a third of the time after which waiting ranks name the missing ones.
  private static func tuner(_ configuration: TrainingConfiguration) -> KernelTuner {
    KernelTuner(
      KernelCache(path: KernelCache.defaultPath()), limit: min(60, (configuration.stallTimeout ?? .infinity) / 3))
  }

  /// A run has nothing to save before its first step, and must not keep kernels that were not measured. What was
  /// measured is kept for the next launch.
  private static func endIfInterrupted(_ tuner: KernelTuner?) throws {
    let signal = SignalWatch.received
    guard signal != 0 else { return }
    tuner?.finish()
    throw Failure(
      .interrupted, "interrupted by \(SignalWatch.name(signal)) while kernels were measured, before the first step",
      remedy: "launch again")
  }

  private static func line(_ chooser: KernelChooser) -> String {
    var parts: [String] = []
    if let tuner = chooser.tuner {
      if tuner.measured > 0 {
        parts.append("\(tuner.measured) measured in \(Double(Int(10 * tuner.seconds)) / 10) s")
      }
      if tuner.remembered > 0 { parts.append("\(tuner.remembered) from earlier measurements") }
      if tuner.leftOut > 0 { parts.append("\(tuner.leftOut) not measured for lack of time") }
    }
    if !chooser.given.isEmpty { parts.append("as given or recorded") }
    if parts.isEmpty { parts.append("by the static rule") }
    return "kernels    \(chooser.table.summary) (\(parts.joined(separator: ", ")))"
  }
}
