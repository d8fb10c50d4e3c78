import Diagnostics
import Foundation

/// The report as a text, at most 100 columns wide.
extension BenchmarkReport {
  package var lines: [String] {
    var lines = [
      """
      machine    \(hosts.count == 1 ? hosts[0] : "\(hosts.count) hosts"); ranks × threads: \(ranks) × \(threads); \
      \(kernels.oneDNN); \(kernels.blas)
      """
    ]
    if let configurations { lines += Self.lines(configurations) }
    if let comparison { lines += Self.lines(comparison) }
    if let loss { lines += Self.lines(loss) }
    if let memory { lines += Self.lines(memory) }
    return lines + remarks.map { "remark     \($0)" }
  }

  private static func lines(_ runs: [RunMeasurement]) -> [String] {
    var lines: [String] = []
    for run in runs {
      let label = runs.count == 1 ? "steps" : "steps of \(run.name)"
      lines += [
        """
        \(padded(label))\(run.encoder), \(SummaryText.grouped(run.parameters)) parameters; batch \(run.batchSize) in \
        \(run.shards.counted("shard")) of \(run.data); \(run.ranks) × \(run.threads)
        """
      ]
    }
    lines += SummaryText.table(phases(runs), limits: [14])
    lines += SummaryText.table(totals(runs), limits: [40])
    for run in runs where !run.layers.isEmpty {
      lines.append(runs.count == 1 ? "layers" : "layers of \(run.name)")
      lines += SummaryText.table(layers(run), limits: [25, 27, 16])
    }
    return lines
  }

  /// Medians, and what part of the step they are.
  private static func phases(_ runs: [RunMeasurement]) -> [[String]] {
    let head = runs.flatMap { [runs.count == 1 ? "ms" : "\($0.name): ms", "of the step"] }
    let phases = StepTimes.phases.map { phase in
      [phase.name]
        + runs.flatMap { run in
          let value = run.median(phase.path)
          return [milliseconds(value), String(format: "%.1f %%", 100 * value / run.stepMs.median)]
        }
    }
    let ends = runs.flatMap { [milliseconds($0.stepMs.median), ""] }
    let range = runs.flatMap { [milliseconds($0.stepMs.minimum), "… " + milliseconds($0.stepMs.maximum)] }
    return [["phase"] + head] + phases + [["step, median"] + ends, ["fastest"] + range]
  }

  private static func totals(_ runs: [RunMeasurement]) -> [[String]] {
    func row(_ name: String, _ text: (RunMeasurement) -> String) -> [String] { [name] + runs.map(text) }
    func bytes(_ value: Int?) -> String { value.map(SummaryText.bytes) ?? "?" }
    var rows = [
      row("samples/s") { String(format: $0.samplesPerSecond < 100 ? "%.2f" : "%.0f", $0.samplesPerSecond) },
      row("flops of a step") { SummaryText.scaled($0.flopsPerStep) },
      row("flop/s") { SummaryText.scaled($0.flopsPerSecond) },
      row("of sgemm's") { SummaryText.scaled($0.gemmFlopsPerSecond) + String(format: ": %.2f", $0.shareOfGemm) },
      row("memory of a rank, predicted") { bytes($0.predictedMemoryBytes) },
    ]
    if runs.count == 1 { rows.append(row("memory of a rank, peak") { bytes($0.peakMemoryBytes) }) }
    return rows
  }

  private static func layers(_ run: RunMeasurement) -> [[String]] {
    let rows = run.layers.map {
      [$0.name, $0.kind, $0.output, milliseconds($0.forwardMs), milliseconds($0.backwardMs)]
    }
    let (forward, backward) = run.layers.reduce((0.0, 0.0)) { ($0.0 + $1.forwardMs, $0.1 + $1.backwardMs) }
    return [["name", "layer", "output", "forward ms", "backward ms"]] + rows
      + [["total", "", "", milliseconds(forward), milliseconds(backward)]]
  }

  private static func lines(_ comparison: Comparison) -> [String] {
    let (speedup, memory) = (comparison.speedup, comparison.memory)
    let ratio = String(format: "%.3f (%.3f … %.3f)", speedup.median, speedup.minimum, speedup.maximum)
    let memoryText = memory.map { String(format: "; memory A/B %.3f", $0) } ?? ""
    return ["B over A   samples/s \(ratio) over \(comparison.ratios.count) pairs of steps\(memoryText)"]
  }

  private static func lines(_ loss: LossMeasurement) -> [String] {
    let rows = loss.forms.map { form in
      [
        form.form + (form.isChosen ? ", chosen" : ""), milliseconds(form.forwardMs.median),
        milliseconds(form.forwardBackwardMs.median), milliseconds(form.forwardBackwardMs.minimum),
        SummaryText.scaled(form.flopsPerSecond), String(format: "%.2f", form.shareOfGemm),
      ]
    }
    return ["loss       of \(loss.batchSize.counted("sample")) with \(loss.features.counted("feature"))"]
      + SummaryText.table(
        [["form", "forward ms", "with backward", "fastest", "flop/s", "of sgemm's"]] + rows, limits: [20])
  }

  private static func lines(_ memory: MemoryMeasurement) -> [String] {
    func rate(_ value: Double) -> String { String(format: "%.1f", value * 1e-9) }
    let rows = memory.kernels.map { kernel in
      [
        kernel.name, kernel.size, SummaryText.bytes(kernel.bytes), milliseconds(kernel.ms.median),
        rate(kernel.bytesPerSecond), String(format: "%.2f", kernel.shareOfMemory),
        String(format: "%.2f", kernel.shareOfTriad),
      ]
    }
    let spread = memory.bytesPerSecond
    return [
      """
      memory     \(rate(spread.median)) GB/s (\(rate(spread.minimum)) … \(rate(spread.maximum))) of a triad over \
      \(SummaryText.bytes(memory.triadBytes)) a rank
      """
    ]
      + SummaryText.table(
        [["kernel", "size", "moved", "ms", "GB/s", "of memory", "of a triad as large"]] + rows, limits: [31, 14])
  }

  static func milliseconds(_ value: Double) -> String {
    String(format: value < 9.995 ? "%.2f" : value < 999.5 ? "%.1f" : "%.0f", value)
  }

  static func padded(_ label: String) -> String {
    label.padding(toLength: max(11, label.count + 1), withPad: " ", startingAt: 0)
  }
}
