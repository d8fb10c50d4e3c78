import Diagnostics
import Dispatch

/// A thread that does the same again and again, with pauses.
package final class RepeatingThread: Sendable {
  private let end = DispatchSemaphore(value: 0)

  /// - Parameter purpose: as for `WorkerThread`.
  /// - Parameter interval: seconds before each call of `body`.
  package init(to purpose: String, every interval: Double, _ body: @escaping @Sendable () -> Void) throws(Failure) {
    try WorkerThread.detached(to: purpose) { [end] in
      while end.wait(timeout: .now() + interval) == .timedOut { body() }
    }
  }

  /// No call of `body` begins after this one; one that is under way is not waited for. Safe to call again.
  package func stop() { end.signal() }
}
