import Diagnostics
import FileSystem
import Foundation

extension RunLock {
  /// How often a lock file may be removed while it is waited for.
  private static let mostFiles = 100

  /// Takes the lock of the file that the path names, and opens it again where it was removed meanwhile: what a launch
  /// holds of a removed file keeps nobody out.
  static func hold(
    folder: String, _ path: String, _ limits: Limits, _ say: (String) -> Void
  ) throws -> (descriptor: Int32, record: LockRecord, remark: String?) {
    for _ in 1...mostFiles {
      try Disk.makeFolder(folder)
      // Written through: other hosts have to see the beats.
      let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_DSYNC, 0o666)
      if descriptor < 0, errno == ENOENT { continue }
      if descriptor < 0 { throw Failure.cannotWrite("create the run folder's lock", path: path, errno: errno) }
      do {
        if let taken = try take(descriptor, path, limits, say) { return (descriptor, taken.record, taken.remark) }
      } catch {
        close(descriptor)
        throw error
      }
      close(descriptor)
    }
    throw Failure(
      .cannotWrite, "the run folder's lock is removed again and again", at: path,
      remedy: "find out what removes it, or choose another folder with \(option: "out")")
  }

  /// Takes the lock: returns when no living launch holds it and this one's record is in the file.
  ///
  /// - Returns: the record, and a remark if the last holder did not end cleanly; nil if the path names another file by
  ///   then, or none.
  private static func take(
    _ descriptor: Int32, _ path: String, _ limits: Limits, _ say: (String) -> Void
  ) throws -> (record: LockRecord, remark: String?)? {
    while true {
      let (remark, isLocked) = try waitUntilFree(descriptor, path, limits, say)
      guard FileIdentity(descriptor) == FileIdentity(path: path) else { return nil }
      let record = LockRecord()
      if !record.write(to: descriptor) {
        throw Failure.cannotWrite("write the run folder's lock", path: path, errno: errno)
      }
      if isLocked { return (record, remark) }
      // Fischer's algorithm: of those that found it free at the same moment, it is the last writer's.
      usleep(UInt32(1e6 * limits.settle))
      if LockRecord(contentsOf: path)?.nonce == record.nonce { return (record, remark) }
    }
  }

  /// Returns when no living launch holds the lock, with a remark if the last holder did not end cleanly, and whether the
  /// kernel keeps others out from here on.
  private static func waitUntilFree(
    _ descriptor: Int32, _ path: String, _ limits: Limits, _ say: (String) -> Void
  ) throws -> (remark: String?, isLocked: Bool) {
    let start = monotonicSeconds()
    var (first, hasSaid): (LockRecord?, Bool) = (nil, false)
    while true {
      let kernel = limits.usesKernel ? try KernelLock.take(descriptor, path: path) : .unavailable
      let record = LockRecord(contentsOf: path)
      first = first ?? record
      let isOpen = record?.isReleased ?? true
      if kernel != .heldByAnother, isOpen { return (nil, kernel == .taken) }
      if kernel == .taken, let record, record.isOfThisKernel { return (remark(record), true) }

      let waited = (monotonicSeconds() - start)
      // A record that changes shows life, whatever the clocks; on one kernel the lock does.
      let isAlive = record != first || (kernel == .heldByAnother && record?.isOfThisKernel ?? true)
      if isAlive, waited >= limits.conflict { throw inUse(path, record) }
      if !isAlive, waited >= limits.silence { return (record.map(remark), kernel == .taken) }
      if !hasSaid {
        let limit = Int((isAlive ? limits.conflict : limits.silence).rounded(.up))
        say("\(path): waiting up to \(limit) s for \(record?.holder ?? "another launch"), which has not ended cleanly")
        hasSaid = true
      }
      usleep(100_000)
    }
  }

  private static func remark(_ record: LockRecord) -> String {
    "the last launch of this run (\(record.holder)) did not end cleanly"
  }

  private static func inUse(_ path: String, _ record: LockRecord?) -> Failure {
    Failure(
      .cannotWrite, "the run folder is in use by another launch", at: path, expected: "one launch of a run at a time",
      found: record?.holder,
      remedy: "wait for its end, or end it (kill -USR1 \(record.map { "\($0.pid)" } ?? "PID")"
        + "\(record.map { " on \($0.host)" } ?? ""): it saves a checkpoint), or choose another folder with \(option: "out")"
    )
  }
}
