import Diagnostics
import FileSystem
import Files
import Foundation
import Host
import Tensors

/// The checkpoints of a run: `checkpoints/step-00000500/`, each whole or absent. Used by rank 0 only.
///
/// A checkpoint is written into a hidden folder next to it, brought to the disk file by file, its manifest last, and
/// renamed. So a folder with that name is complete unless the disk failed later, which its digests tell.
package final class CheckpointStore: Sendable {
  package let folder: String
  private let keep: Int
  private let ranking: CheckpointRanking?
  /// Steps between the checkpoints that a run may return to, of which the newest stays; nil: it never returns.
  private let rollbackInterval: Int?

  /// - Parameter keep: the newest checkpoints that stay; at least two, since the newest may turn out to be damaged.
  /// - Parameter ranking: the best ones stay too, and `best.json` names them; nil: none.
  package init(runFolder: String, keep: Int, ranking: CheckpointRanking? = nil, rollbackInterval: Int? = nil) {
    self.rollbackInterval = rollbackInterval
    folder = RunFolder(runFolder).checkpointsPath
    (self.keep, self.ranking) = (max(Self.fewest, keep), ranking)
  }

  /// Checkpoints that always stay.
  private static let fewest = 2

  package func path(step: Int) -> String { path(CheckpointName(step: step)) }
  package func path(_ name: CheckpointName) -> String { "\(folder)/\(name)" }

  /// Writes a checkpoint and removes the oldest ones. Returns its path.
  ///
  /// - Parameter beforeNaming: what must be on the disk before the checkpoint counts; see `RunRecord`.
  package func save(
    _ state: CheckpointState, model: [NamedTensor], optimizer: [NamedTensor], beforeNaming: () throws -> Void = {}
  ) throws -> String {
    let name = CheckpointName(step: state.step)
    let path = path(name)
    let partial = "\(folder)/\(Self.partialName(name))"
    try Disk.remove(partial)
    // Not the run folder itself: if that is gone, half a run would begin in a new one.
    if !Disk.isThere(folder) { try Disk.makeNewFolder(folder) }
    try Disk.makeNewFolder(partial)
    do {
      try makeRoom(for: (model + optimizer).reduce(0) { $0 + $1.bytes }, before: state.step)
      try write(state, model: model, optimizer: optimizer, into: partial)
      try beforeNaming()
      try Disk.remove(path)
      try Disk.rename(partial, to: path)
      try OutputFile.synchronizeFolder(folder)
    } catch {
      try? Disk.remove(partial)
      throw error
    }
    try prune(upTo: state.step)
    return path
  }

  private static func partialName(_ name: CheckpointName) -> String { ".\(name).partial" }

  /// Removes what launches that were killed had begun to write. Only under the lock of the run's folder.
  package func removeLeftovers() throws {
    for name in (try? Disk.names(in: folder)) ?? [] where name.hasPrefix(".") && name.hasSuffix(".partial") {
      guard CheckpointName(name.dropFirst().dropLast(".partial".count)) != nil else { continue }
      try Disk.remove("\(folder)/\(name)")
    }
    OutputFile.removeLeftovers(in: folder, isOurs: true)
  }

  /// Whether a checkpoint of this state would be one of the best.
  package func isAmongBest(_ state: CheckpointState) -> Bool {
    guard let ranking, state.metrics != nil else { return false }
    return ranking.best(of: states(upTo: state.step - 1) + [state]).contains { $0.step == state.step }
  }

  /// What the checkpoints up to a step hold besides tensors; those that cannot be read are left out.
  private func states(upTo step: Int) -> [CheckpointState] {
    names(upTo: step).compactMap { try? CheckpointState(contentsOf: "\(path($0))/\(CheckpointState.fileName)") }
  }

  private func write(
    _ state: CheckpointState, model: [NamedTensor], optimizer: [NamedTensor], into partial: String
  ) throws {
    var manifest = CheckpointManifest()
    func record(_ name: String, _ summary: OutputFile.Summary) {
      manifest.files[name] = .init(bytes: summary.bytes, sha256: summary.sha256)
    }
    func new(_ name: String) throws -> OutputFile { try OutputFile(new: "\(partial)/\(name)") }
    record(Checkpoint.modelFile, try SafetensorsWriter.write(model, to: new(Checkpoint.modelFile)))
    record(Checkpoint.optimizerFile, try SafetensorsWriter.write(optimizer, to: new(Checkpoint.optimizerFile)))
    let file = try new(CheckpointState.fileName)
    try file.write(try state.json())
    record(CheckpointState.fileName, try file.finish())
    let last = try new(CheckpointManifest.fileName)
    try last.write(try manifest.json())
    _ = try last.finish()
    try OutputFile.synchronizeFolder(partial)
  }

  /// The newest checkpoint of a step up to `last` whose files are whole; `warn` is called for each newer one.
  package func newestValid(upTo last: Int = .max, warn: (String) -> Void) -> Checkpoint? {
    for name in names(upTo: last).reversed() {
      do { return try Checkpoint(verifying: path(name)) } catch {
        warn("skipping a checkpoint that is not whole: \((error as? Failure)?.description ?? "\(error)")")
      }
    }
    return nil
  }

  /// The checkpoints up to a step, whole or not, oldest first.
  package func names(upTo step: Int = .max) -> [CheckpointName] {
    let all = (try? Disk.names(in: folder)) ?? []
    return all.compactMap(CheckpointName.init).filter { $0.step <= step }.sorted()
  }

  /// The folders of all checkpoints.
  var paths: [String] { names().map(path) }

  /// Leaves the newest checkpoints up to `step`, the one just written among them, and the best. Later ones, which are
  /// damaged or from before a return to an older one, neither count nor go: they are written again, or go when the run
  /// has passed them.
  private func prune(upTo step: Int) throws {
    let best = ranking?.best(of: states(upTo: step)) ?? []
    let table = "\(folder)/\(CheckpointRanking.fileName)"
    if let ranking { try OutputFile.replace(table, with: ranking.json(best)) } else { try Disk.remove(table) }
    remove(names(upTo: step).dropLast(keep), upTo: step, butNot: best)
  }

  private func remove(_ names: some Sequence<CheckpointName>, upTo step: Int, butNot best: [CheckpointRanking.Entry]) {
    let target = rollbackInterval.flatMap { rollbackTarget(upTo: step, interval: $0) }
    for name in names where name != target && !best.contains(where: { $0.step == name.step }) {
      try? Disk.remove(path(name))
    }
  }

  /// The newest checkpoint up to a step at a multiple of `interval`, which an undisturbed run has too: one that a
  /// signal caused does not count.
  package func rollbackTarget(upTo step: Int, interval: Int) -> CheckpointName? {
    names(upTo: step).last { $0.step > 0 && $0.step % interval == 0 }
  }

  /// Makes sure that `bytes` have room; where they have not, checkpoints before `step` go, except two and the best.
  private func makeRoom(for bytes: Int, before step: Int) throws {
    let needed = bytes + Self.slack
    if let free = FreeSpace.bytes(at: folder), free < needed {
      remove(
        names(upTo: step - 1).dropLast(Self.fewest), upTo: step - 1,
        butNot: ranking?.best(of: states(upTo: step - 1)) ?? [])
    }
    try FreeSpace.require(needed, for: "a checkpoint", at: folder)
  }

  /// Bytes besides the tensors: headers, state, manifest, and metrics meanwhile.
  private static let slack = 1 << 20

  /// Whether a run can be begun or resumed: throws `Failure(.cannotWrite)` unless a checkpoint of `bytes` has room,
  /// and says so when all that are to be kept have not.
  func checkSpace(for bytes: Int) throws -> [String] {
    let count = names().count
    // One more than is kept: the new one is written before the oldest goes.
    let all = saturatingProduct(max(0, keep - count) + 1, bytes + Self.slack)
    guard let free = FreeSpace.bytes(at: folder), free < all else { return [] }
    if count <= Self.fewest { try FreeSpace.require(bytes + Self.slack, for: "a checkpoint", at: folder) }
    return [
      "\(folder): \(SummaryText.bytes(free)) are free, and \(keep.counted("checkpoint")) need \(SummaryText.bytes(all)) more: "
        + "free some space, or lower \(option: "keep-checkpoints")"
    ]
  }
}
