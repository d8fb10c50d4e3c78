import Diagnostics
import Foundation
import RunRecord
import Synchronization
import TestSupport
import Testing

/// The lock of a run folder, with the kernel's lock and without.
@Suite(.commandLine) struct RunLockTests {
  private let folder: TemporaryFolder
  private var path: String { folder.file(RunLock.fileName) }

  init() throws { folder = try TemporaryFolder() }

  private func lock(
    conflict: Double = 0.3, silence: Double = 0.6, interval: Double = 0.1, usesKernel: Bool = true,
    say: (String) -> Void = { _ in }
  ) throws -> RunLock {
    let limits = RunLock.Limits(conflict: conflict, silence: silence, interval: interval, usesKernel: usesKernel)
    return try RunLock(folder: folder.path, limits: limits, say: say)
  }

  private func record() throws -> LockRecord { try #require(LockRecord(contentsOf: path)) }

  /// What a holder on another host that has not released the folder left.
  private func writeForeignRecord(boot: String = "another") throws {
    var record = LockRecord()
    (record.host, record.boot, record.pid, record.job) = ("elsewhere", boot, 4711, "Slurm job 77")
    try JSONEncoder().encode(record).write(to: URL(fileURLWithPath: path))
  }

  private func seconds(_ work: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try work()
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }

  @Test(arguments: [true, false]) func aSecondIsRefused(usesKernel: Bool) throws {
    let first = try lock(usesKernel: usesKernel)
    var said: [String] = []
    #expect {
      _ = try lock(usesKernel: usesKernel) { said.append($0) }
    } throws: { error in
      let failure = error as? Failure
      return failure?.kind == .cannotWrite && failure?.location == path
        && failure?.found?.contains("process \(getpid()) on ") == true && failure?.remedy?.contains("--out") == true
    }
    #expect(said.count == 1 && said[0].contains("waiting"))
    // The first has not noticed.
    try first.check()
    first.release()
    #expect(try record().isReleased)
    let next = try lock(usesKernel: usesKernel)
    #expect(next.remark == nil)
  }

  /// On a file system without locks, both find the folder free.
  @Test func ofTwoAtTheSameMomentOneIsRefused() throws {
    for _ in 1...3 {
      let held = Mutex<[RunLock]>([])
      DispatchQueue.concurrentPerform(iterations: 2) { _ in
        if let lock = try? self.lock(usesKernel: false) { held.withLock { $0.append(lock) } }
      }
      held.withLock { locks in
        #expect(locks.count == 1)
        for lock in locks { lock.release() }
      }
    }
  }

  @Test func isReleasedWithItsOwner() throws {
    _ = try lock()
    #expect(try record().isReleased)
    let time = try seconds { _ = try lock() }
    #expect(time < 0.25)
  }

  /// A launch that comes while the last one is ending.
  @Test(arguments: [true, false]) func waitsForAnEndThatComes(usesKernel: Bool) throws {
    let first = try lock(usesKernel: usesKernel)
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.4) { first.release() }
    #expect(try lock(conflict: 20, silence: 30, usesKernel: usesKernel).remark == nil)
  }

  /// A refused launch removes the folder that it made, its lock with it: who waited holds the file that is there then,
  /// and not the removed one.
  @Test(arguments: [true, false]) func theLockOfARemovedFolderIsTakenAgain(usesKernel: Bool) throws {
    let run = folder.file("run")
    let limits = RunLock.Limits(conflict: 20, silence: 30, interval: 0.1, usesKernel: usesKernel)
    try FileManager.default.createDirectory(atPath: run + "/checkpoints", withIntermediateDirectories: true)
    let refused = try RunLock(folder: run, limits: limits) { _ in }
    let next = try RunLock(folder: run, limits: limits) { _ in
      RunFolder(run).removeIfUnused()
      refused.release()
    }
    let held = try #require(LockRecord(contentsOf: next.path))
    #expect(!held.isReleased && held.pid == getpid())
    // It keeps the third out.
    expectFailure(.cannotWrite, "in use by another launch") {
      let short = RunLock.Limits(conflict: 0.2, silence: 0.4, interval: 0.1, usesKernel: usesKernel)
      _ = try RunLock(folder: run, limits: short) { _ in }
    }
    next.release()
  }

  /// The kernel knows that no one on this host holds the lock: a crash costs no waiting.
  @Test func aCrashOnThisHostIsKnownAtOnce() throws {
    var crashed = LockRecord()
    crashed.pid = 4711
    try JSONEncoder().encode(crashed).write(to: URL(fileURLWithPath: path))
    let time = try seconds {
      let remark = try lock(conflict: 20, silence: 20).remark
      #expect(remark?.contains("process 4711 on") == true && remark?.contains("did not end cleanly") == true)
    }
    #expect(time < 5)
  }

  /// Without the kernel's word a silent holder counts as dead after a while.
  @Test(arguments: [true, false]) func aSilentHolderElsewhereIsDead(usesKernel: Bool) throws {
    try writeForeignRecord()
    var said: [String] = []
    let time = try seconds {
      let remark = try lock(usesKernel: usesKernel) { said.append($0) }.remark
      #expect(remark?.contains("process 4711 on elsewhere") == true && remark?.contains("Slurm job 77") == true)
    }
    #expect(time >= 0.6 && said.count == 1)
  }

  /// A host with this one's name that was started again: what its kernel knew is gone.
  @Test func anotherBootIsNotThisKernel() throws {
    var record = LockRecord()
    record.boot = "another"
    try JSONEncoder().encode(record).write(to: URL(fileURLWithPath: path))
    let time = try seconds { _ = try lock() }
    #expect(time >= 0.6)
  }

  /// A server may keep the kernel's lock of a host that has died.
  @Test func aLockWithoutAHolderIsTakenOver() throws {
    let first = try lock(interval: 1000)
    try writeForeignRecord()
    #expect(try lock().remark?.contains("elsewhere") == true)
    first.release()
    // It does not speak for the new holder.
    #expect(try !record().isReleased || record().host != "elsewhere")
  }

  /// Garbage, as from a crash in the middle of writing, holds no one off.
  @Test(arguments: ["", "{\"host\":", "not a record"]) func aTornRecordHoldsNobodyOff(_ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let time = try seconds {
      let remark = try lock().remark
      #expect(remark == nil)
    }
    #expect(time < 5)
  }

  /// A process stopped for a long time, whose folder another has taken, notices and leaves the record alone.
  @Test func theLoserOfTheFolderStops() throws {
    let first = try lock(usesKernel: false)
    try writeForeignRecord()
    let deadline = Date(timeIntervalSinceNow: 10)
    var failure: Failure?
    while failure == nil, Date() < deadline {
      usleep(20_000)
      do { try first.check() } catch { failure = error as? Failure }
    }
    #expect(failure?.kind == .cannotWrite && failure?.found?.contains("elsewhere") == true)
    first.release()
    #expect(try record().host == "elsewhere" && !record().isReleased)
  }

  @Test func beatsWhileItLives() throws {
    let lock = try lock(interval: 0.05)
    let deadline = Date(timeIntervalSinceNow: 10)
    while try record().beat < 3, Date() < deadline { usleep(20_000) }
    #expect(try record().beat >= 3)
    lock.release()
    let last = try record().beat
    usleep(200_000)
    #expect(try record().beat == last)
  }
}
