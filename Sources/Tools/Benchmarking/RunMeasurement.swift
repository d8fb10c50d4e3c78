import Configuration
import Layers
import Planning
import Tensors

/// What was measured of one configuration.
package struct RunMeasurement: Sendable, Encodable {
  package struct Layer: Sendable, Encodable {
    package var name: String
    package var kind: String
    package var output: String
    package var parameters: Int
    /// Of one view of one sample, forward.
    package var multiplyAdds: Int
    /// Medians, over all samples of the rank.
    package var forwardMs: Double
    package var backwardMs: Double
  }

  /// `A`, or `B` for the second.
  package var name: String
  package var encoder: String
  package var data: String
  package var batchSize: Int
  package var shards: Int
  package var ranks: Int
  package var threads: Int
  package var parameters: Int
  package var lossForm: String
  /// Of the last step.
  package var lossValue: Double
  /// Measured steps in their order.
  package var steps: [StepTimes]
  package var stepMs: Spread
  /// At the median step.
  package var samplesPerSecond: Double
  /// Of a step over all ranks, forward, backward and loss: two for each multiply-add of the direct algorithms.
  package var flopsPerStep: Double
  package var flopsPerSecond: Double
  /// OpenBLAS's sgemm on all ranks at once.
  package var gemmFlopsPerSecond: Double
  package var shareOfGemm: Double
  /// Of the rank that needs the most, before the first step; nil where that is not known.
  package var predictedMemoryBytes: Int?
  /// Of the rank that had the most; nil where that is not known, and when two configurations share the process.
  package var peakMemoryBytes: Int?
  /// Empty unless asked for.
  package var layers: [Layer]
  /// The options in which it differs from `bt-dist train`'s defaults, as the command line spells them.
  package var options: [String: String]

  init(_ measured: MeasuredRun, name: String, gemm: Double, peak: Int?) {
    let (run, configuration) = (measured.run, measured.run.plan.configuration)
    let (network, table) = (run.network, ModelTable(run.network, batchSize: measured.run.batchSize))
    self.name = name
    encoder = configuration.encoder.rawValue
    data = run.parts.dataset.name
    batchSize = run.batchSize
    (shards, ranks) = (run.plan.batches.shards, run.communicator.size)
    (threads, parameters) = (ThreadPool.threads, table.parameters)
    (lossForm, lossValue) = (network.loss.form.rawValue, measured.lastLoss)
    steps = measured.steps
    stepMs = Spread(steps.map(\.step))
    samplesPerSecond = 1e3 * Double(run.batchSize) / stepMs.median
    flopsPerStep = table.flopsPerStep
    (flopsPerSecond, gemmFlopsPerSecond) = (1e3 * flopsPerStep / stepMs.median, gemm)
    shareOfGemm = flopsPerSecond / gemm
    (predictedMemoryBytes, peakMemoryBytes) = (measured.predictedBytes, peak)
    layers = Self.layers(network.descriptions, measured.layers)
    let differences = configuration.differences(from: TrainingConfiguration())
    options = Dictionary(
      differences.map { difference in
        let option = TrainingConfiguration.command.option(difference.option)
        return ("--\(difference.option)", option?.text(in: configuration) ?? "")
      }
    ) { $1 }
  }

  private static func layers(_ descriptions: [LayerDescription], _ times: [[LayerTimes]]) -> [Layer] {
    guard !times.isEmpty else { return [] }
    return descriptions.enumerated().map { index, layer in
      Layer(
        name: layer.name, kind: layer.kind, output: layer.output.description, parameters: layer.parameters,
        multiplyAdds: layer.multiplyAdds.forward,
        forwardMs: Spread(times.map { 1e3 * $0[index].forward }).median,
        backwardMs: Spread(times.map { 1e3 * $0[index].backward }).median)
    }
  }

  /// The median over the steps of a part of them.
  func median(_ path: KeyPath<StepTimes, Double>) -> Double { Spread(steps.map { $0[keyPath: path] }).median }
}
