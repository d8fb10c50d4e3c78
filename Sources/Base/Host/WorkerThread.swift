import Diagnostics
import Foundation

/// A thread of this process: all threads that bt-dist starts itself are started here.
///
/// Where the system allows no more of them, that is an error at once: Dispatch would wait for better times, silently and
/// deaf to signals. Signals are left to the main thread, which waits for some.
package struct WorkerThread: Sendable {
  private let thread: pthread_t

  /// Starts a thread, which must be joined.
  ///
  /// - Parameter purpose: completes "no thread can be started to": `load data`.
  /// - Throws: a `Failure(.usage)` with the limits of this process.
  package init(to purpose: String, _ body: @escaping @Sendable () -> Void) throws(Failure) {
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Body(run: body))
    let before = Self.blockSignals()
    let status = pthread_create(
      &thread, nil,
      { raw in
        if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
        return nil
      }, box.toOpaque())
    Self.setSignals(before)
    if status != 0 {
      box.release()
      throw Self.refused(purpose, status)
    }
    self.thread = thread
  }

  /// Starts a thread that nobody waits for.
  package static func detached(to purpose: String, _ body: @escaping @Sendable () -> Void) throws(Failure) {
    pthread_detach(try WorkerThread(to: purpose, body).thread)
  }

  package func join() { pthread_join(thread, nil) }

  /// Starts so many threads, and ends them: for libraries that end the process when they get none.
  package static func require(_ count: Int, to purpose: String) throws(Failure) {
    let end = DispatchSemaphore(value: 0)
    var threads: [WorkerThread] = []
    defer {
      for _ in threads { end.signal() }
      for thread in threads { thread.join() }
    }
    for _ in 0..<count { threads.append(try WorkerThread(to: purpose) { end.wait() }) }
  }

  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func blockSignals() -> sigset_t {
    var (all, before) = (sigset_t(), sigset_t())
    sigfillset(&all)
    // A thread's own faults.
    for number in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] { sigdelset(&all, number) }
    pthread_sigmask(SIG_SETMASK, &all, &before)
    return before
  }

  private static func setSignals(_ set: sigset_t) {
    var set = set
    pthread_sigmask(SIG_SETMASK, &set, nil)
  }

  private static func refused(_ purpose: String, _ status: Int32) -> Failure {
    let limits = ThreadLimit.all
    return Failure(
      .usage, "no thread can be started to \(purpose): \(String(cString: strerror(status)))",
      at: "host \(ProcessInfo.processInfo.hostName)",
      found: limits.isEmpty ? nil : limits.joined(separator: ", "),
      remedy: "raise the limit on processes and threads (ulimit -u; in a container or job its pids.max) or on memory "
        + "(ulimit -v, ulimit -d), or give fewer \(option: "threads") and \(option: "workers")")
  }
}
