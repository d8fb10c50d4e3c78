import Diagnostics
import FileSystem
import Foundation

/// A run's return to an older checkpoint of its own, which `--resume` asked for by its path.
///
/// What the run has of later steps no longer counts: it is set aside, so that the launch after this one resumes from what
/// comes now. `LaunchRecord.wentBackTo` notes the return, so that the same command again does not repeat it.
package struct GoingBack: Sendable {
  /// Steps done at the newest checkpoint that is left behind.
  package let from: Int
  /// Steps done at the checkpoint that the run returns to.
  package let to: Int
  /// Where the later checkpoints go, and a copy of the metrics: `checkpoints/set-aside-1`.
  package let setAside: String
  private let run: RunFolder

  /// nil where no checkpoint comes after the step: then there is nothing to return from.
  package init?(_ run: RunFolder, to step: Int) {
    guard let newest = CheckpointStore(runFolder: run.path, keep: 1).names().last, newest.step > step else {
      return nil
    }
    from = newest.step
    to = step
    self.run = run
    setAside = Self.freePath(in: run)
  }

  /// What the user should know before it is done.
  package var remark: String {
    "the run goes back from step \(from) to step \(to), as \(option: "resume") asks: what it has of later steps is set "
      + "aside in \(setAside)"
  }

  /// Sets aside what comes after the step: a copy of the metrics first, then checkpoints, the newest first.
  ///
  /// A kill in between leaves a run whose next launch returns again. Errors: `Failure(.cannotWrite)`.
  package func carryOut() throws {
    let store = CheckpointStore(runFolder: run.path, keep: 1)
    try Disk.makeNewFolder(setAside)
    if access(run.metricsPath, F_OK) == 0 {
      let copy = "\(setAside)/metrics.jsonl"
      do { try FileManager.default.copyItem(atPath: run.metricsPath, toPath: copy) } catch {
        throw Failure.cannotWrite("copy the metrics", path: copy, errno: systemError(error))
      }
    }
    for name in store.names().reversed() where name.step > to {
      let place = "\(setAside)/\(name)"
      if rename(store.path(name), place) != 0 {
        throw Failure.cannotWrite("set the checkpoint aside", path: place, errno: errno)
      }
    }
  }

  /// In the folder of the checkpoints: names change there, and no bytes are copied.
  private static func freePath(in run: RunFolder) -> String {
    var number = 1
    while access("\(run.checkpointsPath)/set-aside-\(number)", F_OK) == 0 { number += 1 }
    return "\(run.checkpointsPath)/set-aside-\(number)"
  }
}
