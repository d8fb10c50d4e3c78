import Configuration
import Diagnostics
import Files
import Foundation
import Layers

/// A start of `bt-dist train`, as a line of `launches.jsonl` stores it: what decided the bits of its steps besides
/// `config.json`.
public struct LaunchRecord: Codable, Equatable, Sendable {
  /// The first step that the launch did, counted as in `metrics.jsonl`: 1 in a new run.
  public var firstStep: Int
  /// ISO 8601, UTC.
  public var date: String
  public var ranks: Int
  /// Each host once, in the order of the ranks.
  public var hosts: [String]
  public var shards: Int
  /// Where a cosine ends: this and `maxSteps` may differ between launches and change numbers.
  public var maxEpochs: Int?
  /// Where a cosine ends if `maxEpochs` is nil.
  public var maxSteps: Int?
  /// Those of rank 0.
  public var kernels: KernelTraits
  /// Whether other numbers of ranks that are powers of two give the same bits.
  public var isIndependentOfRanks: Bool
  /// `Dataset.fingerprint` of the data.
  public var data: String
  /// SHA-256 of the program's file.
  public var program: String
  /// Bytes of a rank at its peak, as predicted before the first step; nil where that is not known.
  public var predictedMemory: Int?

  enum CodingKeys: String, CodingKey {
    case date, ranks, hosts, shards, kernels
    case firstStep = "first_step"
    case maxEpochs = "max_epochs"
    case maxSteps = "max_steps"
    case isIndependentOfRanks = "independent_of_ranks"
    case data = "data_fingerprint"
    case program = "program_sha256"
    case predictedMemory = "predicted_memory_bytes"
  }

  public init(
    firstStep: Int, date: Date, ranks: Int, hosts: [String], shards: Int, maxEpochs: Int?, maxSteps: Int?,
    kernels: KernelTraits, isIndependentOfRanks: Bool, data: String, program: String
  ) {
    self.firstStep = firstStep
    self.date = date.formatted(.iso8601)
    self.ranks = ranks
    self.hosts = hosts.grouped { $0 }.map(\.key)
    self.shards = shards
    self.maxEpochs = maxEpochs
    self.maxSteps = maxSteps
    self.kernels = kernels
    self.isIndependentOfRanks = isIndependentOfRanks
    self.data = data
    self.program = program
  }

  /// The option at which a cosine ends, such as `--max-epochs 10`.
  package var endOfCosine: String {
    maxEpochs.map { "\(option: "max-epochs") \($0)" } ?? maxSteps.map { "\(option: "max-steps") \($0)" }
      ?? "\(option: "max-epochs") none"
  }

  /// One line without a line feed at the end, keys sorted.
  public func json() throws -> String {
    try JSONText.encode(self)
  }
}

extension LaunchRecord: CheckedRecord {
  package func check(_ fields: inout FieldCheck) {
    let parts = 1...TrainingConfiguration.mostSamples
    fields.integer(CodingKeys.firstStep.rawValue, firstStep, 1...NumberLimit.count)
    fields.integer("ranks", ranks, parts)
    fields.integer("shards", shards, parts)
    fields.integer(CodingKeys.maxEpochs.rawValue, maxEpochs, 0...(.max))
    fields.integer(CodingKeys.maxSteps.rawValue, maxSteps, 0...(.max))
    fields.integer(CodingKeys.predictedMemory.rawValue, predictedMemory, 0...(.max))
  }
}
