import Foundation
import Layers
import MPI
import Tensors
import Training

/// The results of `bt-dist bench`: some of the parts below, and where they were measured.
public struct BenchmarkReport: Sendable, Encodable {
  /// How many times as fast as A is B.
  public struct Comparison: Sendable, Encodable {
    /// A's step time over B's, for steps that ran one after the other.
    public var ratios: [Double]
    public var speedup: Spread
    /// A's predicted memory of a rank over B's; nil where that is not known.
    public var memory: Double?
  }

  public var date: String
  /// In the order of their first ranks.
  public var hosts: [String]
  public var ranks: Int
  public var threads: Int
  public var kernels: KernelTraits
  /// What the user should know.
  public var remarks: [String] = []
  public var configurations: [RunMeasurement]?
  public var comparison: Comparison?
  public var loss: LossMeasurement?
  public var memory: MemoryMeasurement?
  /// Of rank 0, where the loss or kernels were measured; nil where that is not known.
  public var peakMemoryBytes: Int?

  init(_ communicator: Communicator) throws {
    date = Date().formatted(.iso8601)
    hosts = communicator.hosts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    (ranks, threads, kernels) = (communicator.size, ThreadPool.threads, .current)
    remarks = try communicator.kernelRemarks()
  }

  /// One object, keys sorted.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }
}
