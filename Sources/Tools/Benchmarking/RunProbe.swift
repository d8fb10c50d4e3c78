import Configuration
import DataParallel
import Dispatch
import MPI
import Planning
import Tensors
import Training

/// What a run will ask of its hosts and their network, known before its first step: for `bt-dist doctor`.
package final class RunProbe {
  /// How long a sum or a gathering over all ranks takes.
  package struct Exchange: Codable, Equatable, Sendable {
    /// What is summed or gathered.
    package var name: String
    /// Of a rank's vector.
    package var bytes: Int
    /// How often a step does it.
    package var countPerStep: Int
    /// The median.
    package var ms: Double
  }

  private let run: TrainingRun
  private let communicator: Communicator
  /// Of the hosts in the order of their first ranks; empty where that is not known.
  package let memory: [HostMemory]
  /// Of a checkpoint, which is also that of the copy from which rank 0 writes it.
  package let checkpointBytes: Int
  package let parameters: Int
  /// Samples a step, of all ranks.
  package var batchSize: Int { run.batchSize }

  /// Plans the run without a folder and without measuring kernels. A collective.
  ///
  /// - Throws: `AgreedFailure` if the configuration cannot be trained on these ranks.
  package init(_ configuration: TrainingConfiguration, _ communicator: Communicator) throws {
    var planned = configuration.asBenchmark
    planned.autotune = .off
    // A probe waits less patiently than a run.
    planned.stallTimeout = communicator.stallWatch?.limit ?? planned.stallTimeout
    run = try MeasuredRun(planned, needsParameters: false, communicator).run
    self.communicator = communicator
    let (state, optimizer) = (run.network.state, run.optimizer)
    let buffers = [state.parameters.values, state.statistics.values] + optimizer.state.map(\.buffer)
    checkpointBytes = buffers.reduce(0) { $0 + $1.bytes }
    parameters = state.parameters.layout.parameterCount
    var memory = run.summary.memory?.hosts ?? []
    if configuration.enableCheckpointing, !memory.isEmpty { memory[0].needed += checkpointBytes }
    self.memory = memory
  }

  /// The sums of a step, alone and one after the other; empty on one rank. A collective.
  package func measureExchanges() throws -> [Exchange] {
    guard communicator.size > 1 else { return [] }
    let (group, configuration) = (run.parts.group, run.plan.configuration)
    let (gradients, statistics) = (run.network.state.parameters.gradients, run.network.state.statistics.layout)
    gradients.elements.update(repeating: 0)
    var exchanges = [
      Exchange(
        name: "sum of gradients", bytes: gradients.bytes, countPerStep: 1,
        ms: try median { try group.finishGradients() })
    ]
    let perShard = run.plan.batches.samplesPerShard * configuration.projOutputDim
    let embeddings = try AlignedBuffer<Float>(perShard, group.shards)
    exchanges.append(
      Exchange(
        name: "gathering of a view's embeddings", bytes: embeddings.bytes, countPerStep: 2,
        ms: try median { try group.gather(embeddings.pointer, countPerShard: perShard, at: "gathering of embeddings") })
    )
    let channels = statistics.entries.filter { $0.name.hasSuffix("running_mean") }.map(\.range.count).sorted()
    if !channels.isEmpty {
      // Two moments of two views.
      let count = 4 * channels[channels.count / 2]
      let moments = try AlignedBuffer<Double>(count, group.localShards.count)
      let ms = try median {
        try group.beginSum(moments.pointer, count: count)
        try group.finishSum(at: "sum of batch norm's moments")
      }
      exchanges.append(
        Exchange(
          name: "sum of batch norm's moments", bytes: count * MemoryLayout<Double>.stride,
          countPerStep: 2 * channels.count, ms: ms))
    }
    return exchanges
  }

  /// Of several calls after a first one, as many as take about a third of a second; the first if that takes longer.
  private func median(_ work: () throws -> Void) throws -> Double {
    func slowest() throws -> Double {
      let ms = try communicator.milliseconds(work)
      return Double(try communicator.maximum([Int64(1e3 * ms)])[0]) / 1e3
    }
    let (first, limit) = (try slowest(), 300.0)
    guard first < limit else { return first }
    let repeats = max(1, min(21, Int(limit / max(try slowest(), 1e-3))))
    return Spread(try (0..<repeats).map { _ in try communicator.milliseconds(work) }).median
  }
}
