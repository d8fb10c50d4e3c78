import Configuration
import DataParallel
import Diagnostics
import FileSystem
import Files
import Foundation
import MPI

/// A run's folder, used by rank 0 only, except for the paths.
///
/// Every run has `config.json`, `metrics.jsonl`, `launches.jsonl`, `checkpoints/` and `.lock`. Where there was cause,
/// there are `bad-batches/` (steps that were bad), `metrics.jsonl.set-aside` (lines that a resume could not understand),
/// and `checkpoints/set-aside-N` (what a run had of later steps when it went back). `launch/run-until-done` adds
/// `launches.log` and `.launches-in-vain`.
package struct RunFolder: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  package var configurationPath: String { path + "/config.json" }
  package var checkpointsPath: String { path + "/checkpoints" }
  package var metricsPath: String { path + "/metrics.jsonl" }
  package var badBatchesPath: String { path + "/bad-batches" }
  package var launchesPath: String { path + "/launches.jsonl" }

  /// Creates the folder, makes sure that it can be written to, and keeps other launches out of it. A collective.
  ///
  /// - Parameter report: told on rank 0 when there is another launch to wait for.
  /// - Returns: on rank 0 the lock, on other ranks nil.
  package func lock(report: ((String) -> Void)?, _ communicator: Communicator) throws -> RunLock? {
    communicator.position.place = "locking the run folder"
    // Rank 0 may have to wait for longer than the others would for a rank that hangs.
    let limit = communicator.stallWatch?.limit
    communicator.stallWatch?.limit = nil
    defer { communicator.stallWatch?.limit = limit }
    var lock: RunLock?
    try communicator.onRoot {
      try Disk.makeFolder(checkpointsPath)
      lock = try RunLock(folder: path) { report?($0) }
      // A refused launch that was waited for may have removed it.
      try Disk.makeFolder(checkpointsPath)
      // First of all: it may be what fills the disk.
      try removeLeftovers()
      try OutputFile.requireWritable(path)
    }
    return lock
  }

  /// Removes what launches that were killed have left, those of older versions of bt-dist too.
  private func removeLeftovers() throws {
    OutputFile.removeLeftovers(in: path, isOurs: true)
    try CheckpointStore(runFolder: path, keep: 1).removeLeftovers()
    for folder in [path, checkpointsPath] {
      for name in (try? Disk.names(in: folder)) ?? [] where Self.isOldTemporaryName(name) {
        try Disk.remove("\(folder)/\(name)")
      }
    }
  }

  /// `config.json.partial-123`, after a process number.
  private static func isOldTemporaryName(_ name: String) -> Bool {
    let parts = name.components(separatedBy: ".partial-")
    guard parts.count == 2, Int32(parts[1]) != nil else { return false }
    return ["config.json", "metrics.jsonl", "best.json", ".writable"].contains(parts[0])
  }

  /// Everything that a run has written, as far as it is there: no output may take its place.
  package var files: [String] {
    let folders = [badBatchesPath, checkpointsPath] + CheckpointStore(runFolder: path, keep: 1).paths
    let inside = folders.flatMap { folder in ((try? Disk.names(in: folder)) ?? []).map { "\(folder)/\($0)" } }
    return [configurationPath, metricsPath, launchesPath, "\(path)/\(RunLock.fileName)"] + inside
  }

  package var exists: Bool { access(path, F_OK) == 0 }

  /// Removes the folder that a launch has made before it was refused. One that holds anything else stays as it is.
  package func removeIfUnused() {
    let entries = (try? Disk.names(in: path)) ?? []
    let own: Set = [RunLock.fileName, "checkpoints", "config.json"]
    // A folder that is not empty stays.
    guard own.isSuperset(of: entries), rmdir(checkpointsPath) == 0 else { return }
    unlink(configurationPath)
    unlink("\(path)/\(RunLock.fileName)")
    rmdir(path)
  }

  /// The configuration of the run that is there; nil in a new folder.
  package func configuration() throws -> TrainingConfiguration? {
    guard let data = try Disk.contentsIfThere(configurationPath) else { return nil }
    return try TrainingConfiguration(json: String(decoding: data, as: UTF8.self), path: configurationPath)
  }

  /// The configuration of a run that must be there; `place` is what the user named.
  package func recordedConfiguration(at place: String) throws -> TrainingConfiguration {
    if let configuration = try configuration() { return configuration }
    throw Failure(
      .data, "there is no run", at: place, expected: "a folder with config.json that bt-dist train has written",
      remedy: "give the folder that \(option: "out") named")
  }

  package func store(_ configuration: TrainingConfiguration) throws {
    try OutputFile.replace(configurationPath, with: configuration.json)
  }
}
