import Configuration
import Diagnostics
import FileSystem
import Files

/// Which checkpoints of a run are its best ones (Lightning's `ModelCheckpoint` with `monitor` and `save_top_k`).
///
/// A checkpoint has a value of the metric if the metric was measured after that very step.
package struct CheckpointRanking: Sendable {
  static let fileName = "best.json"

  private let metric: Metric
  private let mode: MetricMode
  private let count: Int

  /// nil when the configuration asks for none.
  package init?(_ configuration: TrainingConfiguration) {
    if configuration.saveTopK == 0 { return nil }
    (metric, mode) = (configuration.monitor, configuration.monitorMode)
    count = configuration.saveTopK < 0 ? .max : configuration.saveTopK
  }

  /// A checkpoint and its value.
  package struct Entry: Codable {
    package var step: Int
    package var value: Double
    /// The folder's name.
    package var checkpoint: String
  }

  /// Best first; of equal ones the earlier first.
  func best(of states: [CheckpointState]) -> [Entry] {
    let entries = states.compactMap { state in
      state.metrics?[metric.rawValue].map {
        Entry(step: state.step, value: $0, checkpoint: CheckpointName(step: state.step).description)
      }
    }
    let sorted = entries.sorted {
      mode.isBetter($0.value, than: $1.value) || ($0.value == $1.value && $0.step < $1.step)
    }
    return Array(sorted.prefix(count))
  }

  /// The text of `best.json`.
  func json(_ best: [Entry]) throws -> String {
    try JSONText.encode(Table(monitor: metric.rawValue, mode: mode.rawValue, best: best), .pretty)
  }

  /// The contents of `best.json`.
  package struct Table: Codable {
    package var monitor, mode: String
    /// Best first.
    package var best: [Entry]

    init(monitor: String, mode: String, best: [Entry]) {
      self.monitor = monitor
      self.mode = mode
      self.best = best
    }

    /// nil where the run keeps no best checkpoints.
    package init?(runFolder: String) throws {
      let path = "\(RunFolder(runFolder).checkpointsPath)/\(CheckpointRanking.fileName)"
      guard try Disk.status(of: path) != nil else { return nil }
      self = try JSONText.decode(contentsOf: path)
    }
  }
}

extension CheckpointRanking.Table: CheckedRecord {
  package func check(_ fields: inout FieldCheck) {
    for entry in best {
      fields.integer("best.step", entry.step, 0...NumberLimit.count)
      fields.finite("best.value", entry.value)
    }
  }
}
