import FileSystem
import Files
import Foundation

/// Who holds a run folder: the contents of its `.lock`.
package struct LockRecord: Codable, Equatable, Sendable {
  package var host: String
  /// The holder's boot of its kernel: hosts may share a name, and a name survives a reboot. nil where it is not known.
  package var boot: String?
  package var pid: Int32
  /// When it took the lock, by its own clock: for people only.
  package var since: String
  /// The batch system's job, such as `Slurm job 77`.
  package var job: String?
  /// What tells this holder from every other one.
  package var nonce: String
  /// Raised every few seconds while the holder lives.
  package var beat = 0
  /// Whether the holder has ended cleanly.
  package var isReleased = false

  /// Bytes in the file: one record, padded with spaces, so that each write replaces the whole of the one before.
  private static let bytes = 1024

  /// This process as a new holder.
  package init() {
    let environment = ProcessInfo.processInfo.environment
    let jobs = [("Slurm", "SLURM_JOB_ID"), ("PBS", "PBS_JOBID"), ("LSF", "LSB_JOBID"), ("SGE", "JOB_ID")]
    host = ProcessInfo.processInfo.hostName
    boot = Self.presentBoot
    pid = getpid()
    since = Date().ISO8601Format()
    job = jobs.lazy.compactMap { system, name in environment[name].map { "\(system) job \($0)" } }.first
    nonce = UUID().uuidString
  }

  /// nil for a file that is missing, empty, or not a record. It is opened anew, so that a network file system looks
  /// at the server.
  package init?(contentsOf path: String) {
    guard let data = try? Disk.contents(of: path),
      let record = try? JSONText.decode(LockRecord.self, from: data)
    else { return nil }
    self = record
  }

  /// Whether the holder ran on this kernel, whose locks are then the whole truth.
  var isOfThisKernel: Bool { host == ProcessInfo.processInfo.hostName && boot == Self.presentBoot }

  /// Writes over the record in an open file; returns whether that worked.
  @discardableResult
  func write(to descriptor: Int32) -> Bool {
    guard var data = (try? JSONText.encode(self)).map({ Data($0.utf8) }), data.count < Self.bytes else { return false }
    data.append(contentsOf: [UInt8](repeating: UInt8(ascii: " "), count: Self.bytes - 1 - data.count))
    data.append(UInt8(ascii: "\n"))
    return data.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) == $0.count }
  }

  /// For messages: `process 123 on nodeA since 2026-11-25T21:00:00Z, Slurm job 77`.
  var holder: String { "process \(pid) on \(host) since \(since)" + (job.map { ", \($0)" } ?? "") }

  private static let presentBoot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))
    .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
}
