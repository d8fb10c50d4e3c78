import Diagnostics

/// Something that the doctor found, and how to mend it.
package struct Finding: Encodable, Equatable, Sendable {
  package enum Severity: String, Encodable, Sendable, CaseIterable {
    /// A run would not start, or not be one run.
    case error
    /// A run would be slow, or might fail later.
    case warning
    /// What might be better.
    case note
  }

  /// What was looked at.
  package enum Check: String, Encodable, Sendable, CaseIterable {
    /// Whether the processes that were started are the ranks of one job.
    case launcher
    /// Ranks that do not answer.
    case ranks
    /// Whether all ranks run the same program.
    case program
    /// The MPI libraries.
    case mpi
    /// What `mpirun` wants of root.
    case root
    /// More ranks than cores.
    case oversubscription
    /// The cores on which ranks may run.
    case binding
    /// Threads that fight over cores, or differ between ranks.
    case threads
    /// The kernels that libraries choose by processor and version.
    case kernels
    case memory
    /// Clocks of hosts.
    case clock
    /// Folders that have to be the same on all hosts.
    case folder
    case data
    /// Latency and bandwidth between hosts.
    case network
    /// Whether the configuration can be trained on these ranks.
    case configuration
  }

  package var check: Check
  package var severity: Severity
  /// One sentence without a full stop.
  package var message: String
  /// Hosts, ranks or a path.
  package var location: String?
  package var expected: String?
  package var found: String?
  /// How to mend it, as an instruction.
  package var remedy: String

  init(
    _ check: Check, _ severity: Severity, _ message: String, at location: String? = nil, expected: String? = nil,
    found: String? = nil, remedy: String
  ) {
    self.check = check
    self.severity = severity
    self.message = message
    self.location = location
    self.expected = expected
    self.found = found
    self.remedy = remedy
  }

  var asWarning: Finding {
    var copy = self
    copy.severity = .warning
    return copy
  }

  /// What a run would end with.
  init(_ check: Check, _ failure: Failure) {
    self.init(
      check, .error, failure.message, at: failure.location, expected: failure.expected, found: failure.found,
      remedy: failure.remedy ?? "mend what the message names, then call bt-dist doctor again")
  }
}
