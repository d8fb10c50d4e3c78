import Configuration
import DataParallel
import Datasets
import Diagnostics
import Files
import Layers
import MPI
import Optimization
import Tensors

/// What the ranks of a run must have in common before step 0, in the order in which it is compared.
///
/// Ranks that differ would wait for one another for ever, or train replicas that drift apart without a word. So each
/// thing is compared before the first collective that relies on it:
/// 1. executable, command and options (`ProgramAgreement.swift`), for every command, before anything else;
/// 2. the data set, before its samples are counted;
/// 3. the plan, the table of kernels and the layout of the arenas, before arenas travel;
/// 4. the contents of the arenas, when all are filled.
/// What may differ and costs only the equality of bits is a remark: `kernelRemarks`.
///
/// All are collectives, do nothing on one rank, and throw the same `AgreedFailure` on all ranks.
extension Communicator {
  /// 2. Sizes, labels and up to 64 samples of the data set: hosts with an old copy or half of one.
  ///
  /// - Parameter fingerprint: the data set's, where it is known already.
  package func requireSameData(_ dataset: any Dataset, fingerprint: String? = nil) throws {
    try requireSame(
      .data, "the data are not those that rank 0 sees",
      remedy: "bring the same files to every host, or put them on a file system that all hosts share"
    ) { [RankField(dataset.name, try fingerprint ?? dataset.fingerprint(), text: dataset.summary)] }
  }

  /// 3. The configuration with nothing left open, what follows from it, and where every tensor stands in the arenas.
  package func requireSamePlan(
    _ plan: TrainingPlan, firstStep: Int, _ state: ParameterSet, _ kernels: KernelTable
  ) throws {
    try requireSame(.defect, "the ranks have planned different runs", remedy: Self.defect) {
      let options = TrainingConfiguration.command.sharedOptions(plan.configuration)
      return try options.map { RankField($0.name, $0.value, text: "\($0.name) \($0.value)") } + [
        number("first step", firstStep), number("last step", plan.lastStep),
        number("steps an epoch", plan.batches.stepsPerEpoch), number("samples", plan.batches.order.count),
        layout("parameter layout", state.parameters.layout), layout("statistics layout", state.statistics.layout),
        RankField("table of kernels", try kernels.hash(), text: "kernels \(kernels.summary)"),
      ]
    }
  }

  /// 4. Every bit of parameters, running statistics and optimizer moments.
  package func requireSameState(_ state: ParameterSet, _ optimizer: any Optimizer) throws {
    let arenas = [("parameters", state.parameters.values), ("running statistics", state.statistics.values)]
    try requireSame(
      .defect, "the ranks would start from different numbers",
      remedy: Self.defect
    ) {
      try (arenas + optimizer.state.map { ($0.name, $0.buffer) }).map { name, buffer in
        let hash = try SHA256.hex(of: UnsafeRawBufferPointer(buffer.elements))
        return RankField(name, hash, text: "\(name) of SHA-256 \(hash.prefix(16))…")
      }
    }
  }

  private static var defect: String { "this is a defect of bt-dist or of a host's memory: please report it" }

  private func number(_ name: String, _ value: Int) -> RankField {
    RankField(name, "\(value)", text: "\(name) \(value)")
  }

  private func layout(_ name: String, _ layout: ParameterLayout) throws -> RankField {
    let text = "\(name) of \(layout.entries.count.counted("tensor")), \(layout.parameterCount.counted("number"))"
    return RankField(name, try layout.hash(), text: text)
  }
}
