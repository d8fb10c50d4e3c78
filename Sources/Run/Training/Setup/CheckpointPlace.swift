import Diagnostics
import Foundation
import RunRecord

/// What the path of `--resume` names: a checkpoint folder, or a run folder, of which the newest checkpoint is meant.
struct CheckpointPlace {
  private let path: String
  private let resolved: String

  init(_ path: String) {
    self.path = path
    resolved = Self.resolve(path)
  }

  /// The checkpoint of this name that `store` has, or had.
  func name(in store: CheckpointStore) -> CheckpointName? {
    guard resolved.parentFolder == Self.resolve(store.folder) else { return nil }
    return CheckpointName(resolved.lastName)
  }

  /// Whether the path is that of the run folder, or of its folder of checkpoints.
  func isRun(_ folder: RunFolder) -> Bool {
    resolved == Self.resolve(folder.path) || resolved == Self.resolve(folder.checkpointsPath)
  }

  /// The run folder that the path is, or lies in.
  var run: RunFolder {
    let candidates = [path, path.parentFolder, path.parentFolder.parentFolder].map(RunFolder.init)
    return candidates.first { access($0.checkpointsPath, F_OK) == 0 } ?? candidates[2]
  }

  /// Opens the checkpoint, which must be whole; that of a run folder is the newest whole one.
  ///
  /// - Parameter warn: told of newer ones that are not whole.
  func open(warn: (String) -> Void) throws -> Checkpoint {
    let store = CheckpointStore(runFolder: run.path, keep: 1)
    let names = store.names()
    if isRun(run), let newest = store.newestValid(warn: warn) { return newest }
    if access(path, F_OK) == 0, !isRun(run) { return try Checkpoint(verifying: path) }
    throw Failure(
      .data, "there is no whole checkpoint", at: path,
      expected: names.last.map { "a checkpoint folder such as \(store.path($0)), or a run folder with one" }
        ?? "a checkpoint folder such as RUN/checkpoints/\(CheckpointName(step: 500)), or a run folder with one",
      found: names.isEmpty ? nil : "in \(store.folder): \(names.map(\.description).joined(separator: ", "))",
      remedy: "give \(option: "resume") one that is there")
  }

  /// The path without links and dots, so that two spellings of a folder are equal. A last name that is not there stays.
  private static func resolve(_ path: String) -> String {
    if let real = realPath(path) { return real }
    return (realPath(path.parentFolder) ?? path.parentFolder) + "/" + path.lastName
  }

  private static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}
