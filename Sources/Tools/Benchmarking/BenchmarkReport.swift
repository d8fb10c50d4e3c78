import Files
import Foundation
import Layers
import MPI
import Tensors
import Training

/// The results of `bt-dist bench`: some of the parts below, and where they were measured.
package struct BenchmarkReport: Sendable, Encodable {
  /// B's speed as a multiple of A's.
  package struct Comparison: Sendable, Encodable {
    /// A's step time over B's, for steps that ran one after the other.
    package var ratios: [Double]
    package var speedup: Spread
    /// A's predicted memory of a rank over B's; nil where that is not known.
    package var memory: Double?
  }

  package var date: String
  /// In the order of their first ranks.
  package var hosts: [String]
  package var ranks: Int
  package var threads: Int
  package var kernels: KernelTraits
  /// What the user should know.
  package var remarks: [String] = []
  package var configurations: [RunMeasurement]?
  package var comparison: Comparison?
  package var loss: LossMeasurement?
  package var memory: MemoryMeasurement?
  /// Of rank 0, where the loss or kernels were measured; nil where that is not known.
  package var peakMemoryBytes: Int?

  init(_ communicator: Communicator) throws {
    date = Date().formatted(.iso8601)
    hosts = communicator.hosts.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    ranks = communicator.size
    threads = ThreadPool.threads
    kernels = .current
    remarks = try communicator.kernelRemarks()
  }

  /// One object, keys sorted.
  package func json() throws -> String {
    try JSONText.encode(self, .pretty, snakeCase: true)
  }
}
