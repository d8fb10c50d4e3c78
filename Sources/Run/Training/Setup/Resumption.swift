import Configuration
import Diagnostics
import Foundation
import RunRecord

/// Which checkpoint a launch begins with: what `--resume` asks for, and what the run folder holds. On rank 0.
///
/// A folder with checkpoints of its own resumes from the newest whole one, however often the same command is launched.
/// `--resume PATH` says what its first start begins with. A PATH that is one of the folder's own checkpoints asks to go
/// back to it, which is done once: the launch is recorded, and the same command again resumes as usual.
struct Resumption {
  /// nil: the run starts anew.
  private(set) var checkpoint: Checkpoint?
  /// Where the run returns to an older checkpoint of its own.
  private(set) var goingBack: GoingBack?
  /// The folder of the run that the checkpoint was taken from, where that is another one.
  private(set) var origin: RunFolder?
  private(set) var remarks: [String] = []

  let folder: RunFolder
  /// The configuration of the run that is in the folder, if there is one.
  let stored: TrainingConfiguration?
  private let store: CheckpointStore

  init(_ resume: TrainingConfiguration.Resume, _ folder: RunFolder, _ store: CheckpointStore) throws {
    self.folder = folder
    self.store = store
    stored = try folder.configuration()
    let names = store.names()
    switch resume {
    case .auto: checkpoint = try newest()
    case .never:
      guard names.isEmpty else {
        throw Failure(
          .usage, "the folder already holds a run with checkpoints", at: store.folder,
          remedy: "choose another \(option: "out"), or \(option: "resume") auto to resume it")
      }
    case .path(let path):
      let place = CheckpointPlace(path)
      if let name = place.name(in: store) {
        try goBack(to: name, path)
      } else if !names.isEmpty {
        checkpoint = try newest()
        if !place.isRun(folder), stored?.resume != resume { remarks.append(ignored(path)) }
      } else if !place.isRun(folder) {
        checkpoint = try place.open { remarks.append($0) }
        origin = place.run
      }
    }
  }

  /// The newest whole checkpoint of the folder; nil if it has none at all.
  private mutating func newest() throws -> Checkpoint? {
    var damaged: [String] = []
    let found = store.newestValid(warn: { damaged.append($0) })
    // To start anew would overwrite what is left of the run.
    if found == nil, let newest = damaged.first {
      throw Failure(
        .data, "none of the run's checkpoints is whole", at: store.folder, expected: "one to resume from",
        found: "\(damaged.count); \(newest)",
        remedy:
          "bring one back from a copy, or move the folder away, or choose another \(option: "out"), to start anew")
    }
    remarks += damaged
    return found
  }

  /// Returns to one of the folder's own checkpoints, unless the run has done so already.
  private mutating func goBack(to name: CheckpointName, _ path: String) throws {
    let names = store.names()
    if !names.isEmpty, LaunchHistory(path: folder.launchesPath).lastReturn == name.step {
      checkpoint = try newest()
      if let checkpoint, let newest = names.last, newest > name {
        remarks.append(
          "the run went back to step \(name.step) before, and resumes from step \(checkpoint.step) now; to go back again, "
            + "move away the checkpoints after step \(name.step) in \(store.folder)")
      }
      return
    }
    guard names.contains(name) else {
      throw Failure(
        .data, "the run has no such checkpoint", at: path,
        expected: names.isEmpty ? "a checkpoint" : "one of \(names.map(\.description).joined(separator: ", "))",
        remedy: "give one that is there, or leave out \(option: "resume")")
    }
    checkpoint = try Checkpoint(verifying: path)
    goingBack = GoingBack(folder, to: name.step)
    if let goingBack { remarks.append(goingBack.remark) }
  }

  private func ignored(_ path: String) -> String {
    "\(option: "resume") \(path) has no effect: it is for the first start, and \(folder.path) has checkpoints of its own, "
      + "which it resumes from; to go back, name one of those in \(store.folder)"
  }
}
