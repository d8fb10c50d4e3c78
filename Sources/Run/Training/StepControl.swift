import DataParallel
import MPI

/// The one small message of each step: whether any rank failed, and whether any rank was told or wants to stop.
///
/// A rank that fails in its own work (reading data, writing a checkpoint) keeps the failure here, and all ranks
/// throw it together at the next agreement instead of waiting for one another for ever.
package final class StepControl {
  private let communicator: Communicator
  private var failure: (any Error)?

  package init(_ communicator: Communicator) { self.communicator = communicator }

  /// Runs this rank's own work; a failure is kept for the next agreement. nil when there is one.
  @discardableResult
  package func attempt<Result>(_ work: () throws -> Result) -> Result? {
    guard failure == nil else { return nil }
    do { return try work() } catch {
      failure = error
      return nil
    }
  }

  /// The signal that some rank received, 0 if none did, and whether some rank wants to stop; throws on all ranks what
  /// any of them has kept. A collective.
  @discardableResult
  package func agree(signal: Int32 = 0, wantsStop: Bool = false) throws -> (signal: Int32, isStop: Bool) {
    let seen = try communicator.maximum([Int64(signal), wantsStop ? 1 : 0, failure == nil ? 0 : 1])
    if seen[2] != 0 {
      try communicator.together { if let failure { throw failure } }
    }
    return (Int32(seen[0]), seen[1] != 0)
  }
}
