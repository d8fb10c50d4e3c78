import Diagnostics
import Dispatch
import Host
import Synchronization

/// A checkpoint that is being written on a thread of its own.
final class SavingInBackground: Sendable {
  let step: Int
  private let ended = DispatchSemaphore(value: 0)
  private let result = Mutex<Outcome?>(nil)

  struct Outcome: Sendable {
    /// The path of the checkpoint.
    var result: Result<String, any Error>
    var milliseconds: Double
  }

  /// Begins `work`, which returns the checkpoint's path.
  init(step: Int, _ work: @escaping @Sendable () throws -> String) {
    self.step = step
    let start = monotonicSeconds()
    let save: @Sendable () -> Void = {
      let result = Result { try work() }
      self.result.withLock { $0 = Outcome(result: result, milliseconds: 1e3 * (monotonicSeconds() - start)) }
      self.ended.signal()
    }
    // Where there is no thread to be had, the step waits for its checkpoint.
    do { try WorkerThread.detached(to: "save a checkpoint", save) } catch { save() }
  }

  /// What came of it; nil while it is being written.
  var outcome: Outcome? { result.withLock { $0 } }

  /// Waits until it has ended.
  func wait() -> Outcome {
    ended.wait()
    ended.signal()
    guard let outcome else { preconditionFailure("the semaphore is signalled after the outcome is there") }
    return outcome
  }
}
