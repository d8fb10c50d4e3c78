import Configuration
import Diagnostics
import FileSystem
import Files
import Foundation

/// A step whose numbers were not finite, and what its batch was: a file of `RUN/bad-batches`, which
/// `bt-dist replay --bad-batch` takes.
///
/// The same run gives the same file on any number of ranks, except for the ranks and the folder named in it.
package struct BadBatch: Codable, Equatable, Sendable {
  package struct Shard: Codable, Equatable, Sendable {
    package var shard: Int
    /// The rank that computed it.
    package var rank: Int
    /// Sample numbers, in the order of the batch.
    package var samples: [Int]

    package init(shard: Int, rank: Int, samples: [Int]) {
      self.shard = shard
      self.rank = rank
      self.samples = samples
    }
  }

  /// A sample that may be to blame.
  package struct Suspect: Codable, Equatable, Sendable {
    package var sample: Int
    package var shard: Int
    package var rank: Int
    /// The largest magnitude in the network's input of either view.
    package var largestInput: Float

    package init(sample: Int, shard: Int, rank: Int, largestInput: Float) {
      self.sample = sample
      self.shard = shard
      self.rank = rank
      self.largestInput = largestInput
    }

    enum CodingKeys: String, CodingKey {
      case sample, shard, rank
      case largestInput = "largest_input"
    }
  }

  package var format = 1
  package var runFolder: String
  /// Counted from 1, as in `metrics.jsonl`.
  package var step: Int
  /// `stop`, `skip` or `rollback`.
  package var onBadLoss: String
  /// The newest checkpoint before the step when this was written, within the run's folder; nil: none.
  package var checkpoint: String?
  package var notFinite: BadNumber
  package var loss = 0.0
  package var lossInvariance = 0.0
  package var lossRedundancy = 0.0
  package var gradNorm = 0.0
  package var learningRate = 0.0
  /// Those whose gradient is not finite, in the order of the arena.
  package var gradients: [String] = []
  /// Those of the running statistics that are not finite.
  package var statistics: [String] = []
  /// The samples with the largest inputs, the largest first; of equal ones the first in the batch.
  package var suspects: [Suspect] = []
  package var shards: [Shard] = []

  /// Of a step, counted from 1; the rest is to be filled in.
  package init(runFolder: String, step: Int, onBadLoss: String, notFinite: BadNumber) {
    self.runFolder = runFolder
    self.step = step
    self.onBadLoss = onBadLoss
    self.notFinite = notFinite
  }

  enum CodingKeys: String, CodingKey {
    case format, step, checkpoint, loss, suspects, shards
    case runFolder = "run_folder"
    case onBadLoss = "on_bad_loss"
    case notFinite = "not_finite"
    case lossInvariance = "loss_invariance"
    case lossRedundancy = "loss_redundancy"
    case gradNorm = "grad_norm"
    case learningRate = "lr"
    case gradients = "gradients_not_finite"
    case statistics = "statistics_not_finite"
  }

  static let format = 1
}

extension BadBatch: CheckedRecord {
  package func check(_ fields: inout FieldCheck) {
    let (counts, parts) = (0...NumberLimit.count, 0...TrainingConfiguration.mostSamples)
    fields.integer("step", step, 1...NumberLimit.count)
    for suspect in suspects {
      fields.integer("suspects.sample", suspect.sample, counts)
      fields.integer("suspects.shard", suspect.shard, parts)
      fields.integer("suspects.rank", suspect.rank, parts)
    }
    for shard in shards {
      fields.integer("shards.shard", shard.shard, parts)
      fields.integer("shards.rank", shard.rank, parts)
      for sample in shard.samples { fields.integer("shards.samples", sample, counts) }
    }
  }
}

extension BadBatch {
  /// Reads a file that `write` has written.
  package init(contentsOf path: String) throws {
    self = try JSONText.decode(contentsOf: path)
    guard format == Self.format else {
      throw Failure(
        .data, "the file of a bad batch is of another version of bt-dist", at: path,
        expected: "format \(Self.format)", found: "format \(format)")
    }
  }

  static func fileName(step: Int) -> String { "\(CheckpointName(step: step)).json" }

  /// Writes `step-00000012.json` into a folder, which is made if it is missing; returns its path.
  package func write(into folder: String) throws -> String {
    try Disk.makeFolder(folder)
    let path = "\(folder)/\(Self.fileName(step: step))"
    try OutputFile.replace(path, with: JSONText.encode(self, .pretty))
    return path
  }

  /// The run of the file at `path`: the one whose folder holds the file, or else the folder that it names.
  package func folder(ofFile path: String) -> String {
    let around = URL(fileURLWithPath: path).deletingLastPathComponent().deletingLastPathComponent().path
    return Disk.isThere(RunFolder(around).configurationPath) ? around : runFolder
  }
}

extension BadBatch {
  /// What an error says about it, on one line.
  package var findings: String {
    var parts = ["loss \(loss), gradient norm \(gradNorm)"]
    for (what, names) in [("gradients", gradients), ("running statistics", statistics)] where !names.isEmpty {
      parts.append("\(what) that are not finite in \(names.count.counted("tensor")), the first is \(names[0])")
    }
    if let suspect = suspects.first {
      parts.append("largest input \(suspect.largestInput), in sample \(suspect.sample), on rank \(suspect.rank)")
    }
    return parts.joined(separator: "; ")
  }

  /// The samples of the batch, for messages.
  package var place: String {
    let samples = shards.flatMap(\.samples)
    return "step \(step), samples " + samples.prefix(4).map(String.init).joined(separator: ", ")
      + (samples.count > 4 ? ", …" : "")
  }

  /// Whether a replay found the same numbers, tensors and suspects; ranks may differ.
  package func repeats(_ recorded: BadBatch) -> Bool {
    func numbers(_ batch: BadBatch) -> [UInt64] {
      [batch.loss, batch.lossInvariance, batch.lossRedundancy, batch.gradNorm].map(\.bitPattern)
    }
    func samples(_ batch: BadBatch) -> [Int] { batch.suspects.map(\.sample) }
    return numbers(self) == numbers(recorded) && gradients == recorded.gradients
      && statistics == recorded.statistics && samples(self) == samples(recorded)
  }
}
