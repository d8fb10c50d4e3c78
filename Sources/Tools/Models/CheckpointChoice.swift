import CommandLine
import Diagnostics
import Foundation
import RunRecord

/// Which checkpoint of a run is meant.
package enum CheckpointChoice: Sendable, Equatable {
  /// The newest one that is whole.
  case newest
  /// The first of `best.json`.
  case best
  /// The one after so many optimizer steps.
  case step(Int)

  /// The checkpoint, whole. `Failure(.data)` if the run has none, `.usage` if it does not have the one asked for.
  func checkpoint(of store: CheckpointStore, runFolder: String, warn: (String) -> Void) throws -> Checkpoint {
    switch self {
    case .newest:
      if let newest = store.newestValid(warn: warn) { return newest }
      throw Failure(.data, "the run has no whole checkpoint", at: store.folder, remedy: "train it first")
    case .best:
      guard let best = try CheckpointRanking.Table(runFolder: runFolder)?.best.first else {
        throw Failure(
          .usage, "the run has no best checkpoint", at: store.folder, expected: "a best.json with an entry",
          remedy: "train with \(option: "save-top-k"), or give \(option: "step") N")
      }
      return try Checkpoint(verifying: store.path(step: best.step))
    case .step(let step):
      let path = store.path(step: step)
      guard FileManager.default.fileExists(atPath: path) else {
        let steps = store.names().map { "\($0.step)" }
        throw Failure(
          .usage, "the run has no checkpoint of this step", at: store.folder,
          expected: "\(option: "step") "
            + (steps.isEmpty ? "of a checkpoint" : steps.suffix(12).joined(separator: ", ")),
          found: "\(step)", remedy: "give one of them; \(option: "keep-checkpoints") says how many a run keeps")
      }
      return try Checkpoint(verifying: path)
    }
  }
}

extension ValueFormat<CheckpointChoice> {
  /// `newest`, `best` or a number of steps.
  package static var checkpoint: Self {
    let accepts: @Sendable (String) -> CheckpointChoice? = {
      switch $0 {
      case "newest": .newest
      case "best": .best
      default: ValueFormat<Int>.integer(text: $0).flatMap { $0 >= 0 ? .step($0) : nil }
      }
    }
    return ValueFormat(
      placeholder: "N|newest|best", expected: "the step of a checkpoint, newest or best", fromText: accepts,
      fromJSON: {
        if case .string(let text) = $0 { accepts(text) } else { $0.integer(Int.self).flatMap { accepts("\($0)") } }
      },
      toJSON: { choice in
        switch choice {
        case .newest: .string("newest")
        case .best: .string("best")
        case .step(let step): .integer(Int128(step))
        }
      })
  }
}
