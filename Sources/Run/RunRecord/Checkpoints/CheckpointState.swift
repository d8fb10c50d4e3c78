import Configuration
import Diagnostics
import Files
import Foundation
import TwinNetwork

/// What a checkpoint says besides its tensors: `state.json`.
package struct CheckpointState: Codable, Equatable, Sendable {
  package var format = 1
  /// Steps done, including bad ones.
  package var step: Int
  /// Updates of the parameters, where bad steps made them fewer than the steps; nil: as many.
  package var updates: Int?
  /// How many steps before the next one were bad, without a good one between; nil: none.
  package var badStepsInARow: Int?
  /// Shards of a batch when it was written.
  package var shards: Int
  /// The loss of the run's first step; nil before it.
  package var lossStart: Double?
  /// SHA-256 of the parameters' names, shapes and order.
  package var layout: String
  /// What was measured after this very step, by the names of `Metric`; finite values only.
  package var metrics: [String: Double]?
  /// Of the epoch so far; nil at its start.
  package var epochLoss: MeanLoss?
  package var earlyStopping: EarlyStoppingState?
  /// Whether what follows the step (validation, end of an epoch, early stopping) is still to be done: it was interrupted.
  package var isUnfinished: Bool?
  /// `KernelTable.choices`; nil in checkpoints of older versions.
  package var kernels: [String: [String: String]]?

  package enum CodingKeys: String, CodingKey {
    case format, step, shards, layout, metrics, kernels
    case updates
    case badStepsInARow = "bad_steps_in_a_row"
    case lossStart = "loss_start"
    case epochLoss = "epoch_loss"
    case earlyStopping = "early_stopping"
    case isUnfinished = "unfinished"
  }

  package static let fileName = "state.json"

  package func json() throws -> String { try JSONText.encode(self, .pretty) }

  package init(step: Int, shards: Int, lossStart: Double?, layout: String) {
    self.step = step
    self.shards = shards
    self.lossStart = lossStart
    self.layout = layout
  }

  /// Updates that made the parameters what they are.
  package var updateCount: Int { updates ?? step }

  /// Takes note of a step without an update, after which the parameters are those of `count` updates. Its loss belongs
  /// to no mean.
  package mutating func passBadStep(updates count: Int) {
    step += 1
    updates = count == step ? nil : count
    badStepsInARow = (badStepsInARow ?? 0) + 1
  }

  /// Takes note of a step.
  package mutating func advance(_ loss: LossValue) {
    step += 1
    updates = updates.map { $0 + 1 }
    badStepsInARow = nil
    lossStart = lossStart ?? loss.total
    epochLoss = epochLoss ?? MeanLoss()
    epochLoss?.add(loss)
  }

  package init(contentsOf path: String) throws { self = try JSONText.decode(contentsOf: path) }

  package init(json text: String) throws {
    self = try JSONText.decode(from: text)
  }
}

extension CheckpointState: CheckedRecord {
  package func check(_ fields: inout FieldCheck) {
    let steps = 0...max(0, min(step, NumberLimit.count))
    fields.integer("step", step, 0...NumberLimit.count)
    fields.integer(CodingKeys.updates.rawValue, updates, steps)
    fields.integer(CodingKeys.badStepsInARow.rawValue, badStepsInARow, steps)
    fields.integer("shards", shards, 1...TrainingConfiguration.mostShards)
    fields.finite(CodingKeys.lossStart.rawValue, lossStart)
    for (name, value) in (metrics ?? [:]).sorted(by: { $0.key < $1.key }) { fields.finite("metrics.\(name)", value) }
    fields.integer("\(CodingKeys.epochLoss.rawValue).count", epochLoss?.count, 1...max(1, steps.upperBound))
    for sum in epochLoss?.sums ?? [] { fields.finite(CodingKeys.epochLoss.rawValue, sum) }
    fields.finite("\(CodingKeys.earlyStopping.rawValue).best", earlyStopping?.best)
    fields.integer("\(CodingKeys.earlyStopping.rawValue).waited", earlyStopping?.waited, 0...NumberLimit.count)
  }
}

/// Sizes and digests of a checkpoint's files: `manifest.json`, written last.
package struct CheckpointManifest: Codable, Sendable {
  package struct File: Codable, Sendable {
    package var bytes: Int
    package var sha256: String

    package init(bytes: Int, sha256: String) {
      self.bytes = bytes
      self.sha256 = sha256
    }
  }
  var format = 1
  package var files: [String: File] = [:]

  package static let fileName = "manifest.json"

  func json() throws -> String { try JSONText.encode(self, .pretty) }

  init() {}

  package init(contentsOf path: String) throws { self = try JSONText.decode(contentsOf: path) }
}
