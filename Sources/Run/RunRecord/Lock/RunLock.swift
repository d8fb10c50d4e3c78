import Diagnostics
import Foundation
import Host
import Synchronization

/// Keeps a second launch out of a run folder: `RUN/.lock`. Held by rank 0 while it may write there.
///
/// Two things show that a holder lives. The kernel's lock, which ends with its process, is the whole truth between
/// processes on one kernel, and on file systems that carry it between hosts. Where they do not, or where a server keeps
/// the lock of a host that has died, a counter in the file shows it, which a living holder raises every
/// `Limits.interval`. Clocks of different hosts are never compared. The file stays when the run ends, so that all launches lock
/// one file. Only a launch that was refused removes it, with the folder that it made; who waited for it takes the lock of
/// the new file then.
package final class RunLock: Sendable {
  /// Seconds.
  package struct Limits: Sendable {
    /// How long a living holder is waited for: a launch may come while the last one is still dying.
    package var conflict = 10.0
    /// After how long without a beat a holder that the kernel does not know is dead; several intervals.
    package var silence = 12.0
    /// Between two beats.
    package var interval = 5.0
    /// false leaves the kernel's lock out, as on a file system without locks.
    package var usesKernel = true
    /// After how long a record that was written stands, where the kernel keeps no one out: longer than another launch
    /// takes from looking to writing.
    var settle: Double { min(1, interval) }

    package init(conflict: Double = 10, silence: Double = 12, interval: Double = 5, usesKernel: Bool = true) {
      self.conflict = conflict
      self.silence = silence
      self.interval = interval
      self.usesKernel = usesKernel
    }
  }

  package static let fileName = ".lock"

  /// What the user should know about the previous holder.
  package let remark: String?
  package let path: String
  private let state: Mutex<State>
  /// Another launch has taken over, as from a process that was stopped for a long time. Read without the mutex, so that
  /// no step waits for a beat on a slow file system.
  private let isLost = Atomic(false)

  private struct State {
    var descriptor: Int32
    var record: LockRecord
    var heart: RepeatingThread?
  }

  /// Takes the lock of a folder, which is made if it is not there; waits as `limits` say.
  ///
  /// - Parameter say: called once, if there is a launch to wait for.
  /// - Throws: a `Failure(.cannotWrite)` that names the holder, or says why the file cannot be written; a
  ///   `Failure(.usage)` where no thread may be started.
  package init(folder: String, limits: Limits = Limits(), say: (String) -> Void) throws {
    let path = "\(folder)/\(Self.fileName)"
    let holding = try Self.hold(folder: folder, path, limits, say)
    self.path = path
    remark = holding.remark
    state = Mutex(State(descriptor: holding.descriptor, record: holding.record))
    let heart = try RepeatingThread(to: "keep the run folder's lock", every: limits.interval) { [weak self] in
      self?.beat()
    }
    state.withLock { $0.heart = heart }
  }

  deinit { release() }

  /// Lets the next launch in; safe to call again.
  package func release() {
    state.withLock { state in
      state.heart?.stop()
      state.heart = nil
      guard state.descriptor >= 0 else { return }
      if !isLost.load(ordering: .relaxed), isOurs(state) {
        state.record.isReleased = true
        state.record.write(to: state.descriptor)
      }
      close(state.descriptor)
      state.descriptor = -1
    }
  }

  /// - Throws: a `Failure(.cannotWrite)` when another launch has taken over.
  package func check() throws {
    guard isLost.load(ordering: .relaxed) else { return }
    throw Failure(
      .cannotWrite, "another launch has taken over the run folder", at: path,
      found: LockRecord(contentsOf: path)?.holder,
      remedy:
        "leave it to that launch; this process had given no sign of life, as when stopped or cut off from the disk")
  }

  /// A disk error is no reason to end: it comes up where the run writes.
  private func beat() {
    state.withLock { state in
      guard state.descriptor >= 0, !isLost.load(ordering: .relaxed) else { return }
      guard isOurs(state) else { return isLost.store(true, ordering: .relaxed) }
      state.record.beat += 1
      state.record.write(to: state.descriptor)
    }
  }

  /// Whether no one else has written a record over ours.
  private func isOurs(_ state: borrowing State) -> Bool {
    LockRecord(contentsOf: path).map { [nonce = state.record.nonce] in $0.nonce == nonce } ?? true
  }
}
