import Configuration
import Diagnostics
import FileSystem
import Files
import Foundation
import Layers
import RunRecord

extension Inspector {
  /// Options that are shown even at their defaults.
  private static let essentials: Set<String> = [
    "data", "augment", "encoder", "batch-size", "shards", "proj-hidden-dim", "proj-output-dim", "lambd", "optimizer",
    "learning-rate", "lr-scheduler", "max-epochs", "max-steps", "random-state",
  ]

  /// How far a run has got, its options, launches and checkpoints.
  func inspectRun(_ path: String) -> Inspection {
    var inspection = Inspection("run", path)
    let folder = RunFolder(path)
    let store = CheckpointStore(runFolder: path, keep: 1)
    let names = store.names()
    inspection.attempt { inspection in
      let last = try LastMetrics(folder.metricsPath)
      let newest = names.last?.step
      inspection.add("steps done", .count(last.step?.step ?? newest ?? 0))
      if let step = last.step {
        inspection.add("epoch", .number(step.epoch))
        inspection.add("last loss", step.loss.map(InspectedValue.number) ?? .none)
        inspection.add("learning rate", step.rate.map(InspectedValue.number) ?? .none)
      }
      if let validation = last.validation {
        inspection.add("last validation loss", validation.loss.map(InspectedValue.number) ?? .none)
      }
    }
    inspection.attempt { inspection in
      let configuration = try folder.recordedConfiguration(at: path)
      inspection.add(Self.options(configuration))
      if let kernels = configuration.kernels { inspection.add("kernels", .text(try KernelTable(kernels).summary)) }
    }
    addLaunches(folder, &inspection)
    addBadBatches(folder, &inspection)
    addCheckpoints(store, names, &inspection)
    inspection.attempt { inspection in
      guard let best = try CheckpointRanking.Table(runFolder: path) else { return }
      inspection.add(
        Inspection.Table(
          name: "best checkpoints", columns: ["step", best.monitor, "checkpoint"],
          rows: best.best.map { [.count($0.step), .number($0.value), .text($0.checkpoint)] }))
    }
    return inspection
  }

  private static func options(_ configuration: TrainingConfiguration) -> Inspection.Table {
    let changed = Set(configuration.differences(from: TrainingConfiguration()).map(\.option))
    let options = TrainingConfiguration.command.options.filter {
      (changed.contains($0.name) && $0.name != "kernel-table")
        || (essentials.contains($0.name) && $0.value(in: configuration) != .null)
    }
    return Inspection.Table(
      name: "options", columns: ["option", "value"],
      rows: options.map { option in
        [
          .text(option.name),
          InspectedValue(text: option.text(in: configuration).printable, json: option.value(in: configuration)),
        ]
      })
  }

  private func addLaunches(_ folder: RunFolder, _ inspection: inout Inspection) {
    let history = LaunchHistory(path: folder.launchesPath)
    inspection.add(
      Inspection.Table(
        name: "launches", columns: ["date", "first step", "ranks", "shards", "threads", "hosts"],
        rows: history.launches.map {
          [
            .text($0.date), .count($0.firstStep), .count($0.ranks), .count($0.shards), .count($0.kernels.threads),
            .text($0.hosts.joined(separator: ", ")),
          ]
        }))
    if history.unreadableLines > 0 {
      inspection.problems.append("\(folder.launchesPath): \(history.unreadableLines.counted("unreadable line"))")
    }
  }

  /// Nothing where no step was bad.
  private func addBadBatches(_ folder: RunFolder, _ inspection: inout Inspection) {
    let names = (try? Disk.names(in: folder.badBatchesPath)) ?? []
    var table = Inspection.Table(
      name: "bad batches", columns: ["step", "not finite", "on bad loss", "largest input", "in sample"])
    for name in names.sorted() where name.hasSuffix(".json") {
      inspection.attempt { _ in
        let batch = try BadBatch(contentsOf: "\(folder.badBatchesPath)/\(name)")
        let suspect = batch.suspects.first
        table.rows.append([
          .count(batch.step), .text(batch.notFinite.rawValue), .text(batch.onBadLoss),
          suspect.map { .number(Double($0.largestInput)) } ?? .none, suspect.map { .count($0.sample) } ?? .none,
        ])
      }
    }
    if !table.rows.isEmpty { inspection.add(table) }
  }

  private func addCheckpoints(_ store: CheckpointStore, _ names: [CheckpointName], _ inspection: inout Inspection) {
    var table = Inspection.Table(name: "checkpoints", columns: ["step", "bytes", "whole"])
    for name in names {
      let path = store.path(name)
      let files = (try? CheckpointManifest(contentsOf: "\(path)/\(CheckpointManifest.fileName)"))?.files
      table.rows.append([
        .count(name.step), files.map { .bytes($0.values.reduce(0) { $0 &+ $1.bytes }) } ?? .none,
        check(path, &inspection),
      ])
    }
    if names.isEmpty { inspection.add("checkpoints", .text("none")) }
    inspection.add(table)
  }
}

/// The last step and the last validation of a `metrics.jsonl`, from its end: the file may have a million lines.
private struct LastMetrics {
  struct Line {
    var step: Int
    var epoch: Double
    var loss: Double?
    var rate: Double?
  }

  private(set) var step: Line?
  private(set) var validation: Line?

  /// Bytes at the end that are looked at.
  private static let tail = 1 << 18

  /// A file that is missing has neither.
  init(_ path: String) throws {
    guard try Disk.status(of: path) != nil else { return }
    let file = try InputFile(path: path)
    let count = min(Self.tail, file.bytes)
    let bytes = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try file.read(
        at: file.bytes - count, into: UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count))
      initialized = count
    }
    // A line that is not whole has no place.
    for line in MetricsLine.split(bytes) {
      guard let place = MetricsLine.place(of: line),
        let object = MetricsLine.object(of: line)
      else { continue }
      let loss = object[place.isValidation ? "val_loss" : "loss"]?.double
      let found = Line(
        step: place.step, epoch: object["epoch"]?.double ?? 0, loss: loss, rate: object["lr"]?.double)
      if place.isValidation { validation = found } else { step = found }
    }
  }
}
