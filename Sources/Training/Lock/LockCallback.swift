/// Ends a run whose folder another launch has taken over.
final class LockCallback: Callback {
  private let lock: RunLock

  init(_ lock: RunLock) { self.lock = lock }

  func stepDidEnd(_ record: StepRecord) throws { try lock.check() }
}
