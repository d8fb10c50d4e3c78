import Benchmarking
import Files
import Foundation
import Host
import Layers

/// What `bt-dist doctor` saw, measured and found.
package struct Diagnosis: Encodable, Sendable {
  /// A host and its ranks.
  struct Host: Encodable, Sendable {
    var host: String
    var ranks: [Int]
    var processor: String
    /// For all its ranks together.
    var cores: Int
    /// What allows fewer than the host has.
    var coreLimit: String?
    var hardwareThreads: Int
    var memoryNodes: Int
    /// Of each rank.
    var threads: [Int]
    /// The processors of each rank.
    var boundTo: [CPUSet]
    var memory: MemoryFacts
    var kernels: KernelTraits
    var mpi: MPIFacts
    var workingFolder: String
    var interfaces: [NetworkInterface]
    /// Nil for rank 0's own host.
    var clock: ClockOffset?
    /// Of the run that was asked for.
    var neededBytes: Int?
  }

  /// The run that was asked for.
  struct Run: Encodable, Sendable {
    var encoder: String
    var batchSize: Int
    var parameters: Int
    var checkpointBytes: Int
    var exchanges: [RunProbe.Exchange]
  }

  package var date = Date().formatted(.iso8601)
  package var ranks = 1
  /// The `mpirun` that a shell would find first.
  var mpirun: MPIRunInPath?
  var hosts: [Host] = []
  var links: [Link] = []
  var packetLoss: [PacketLoss] = []
  var folders: [SharedFolder] = []
  var run: Run?
  /// The worst first.
  package private(set) var findings: [Finding] = []
  /// Of each severity.
  package private(set) var errors = 0
  package private(set) var warnings = 0
  package private(set) var notes = 0
  /// Whether some ranks no longer answer, so that the job has to be ended.
  package internal(set) var isCutShort = false

  mutating func add(_ new: [Finding]) {
    let order = Finding.Severity.allCases
    findings = (findings + new.merged).enumerated().sorted {
      (order.firstIndex(of: $0.element.severity)!, $0.offset) < (order.firstIndex(of: $1.element.severity)!, $1.offset)
    }.map(\.element)
    func count(_ severity: Finding.Severity) -> Int { findings.count { $0.severity == severity } }
    errors = count(.error)
    warnings = count(.warning)
    notes = count(.note)
  }

  /// One object, keys sorted, and a line feed.
  package func json() throws -> String {
    try JSONText.encode(self, .pretty, snakeCase: true)
  }
}
