import Diagnostics
import Layers
import RunRecord

/// What can make a replay differ from its record, from what is known of both.
package enum ReplayCauses {
  /// One sentence for each thing that decides bits and is not as recorded; empty when all is.
  package static func differences(recorded: LaunchRecord, present: LaunchRecord) -> [String] {
    var found = present.kernels.differences(from: recorded.kernels).map {
      "recorded with \($0.other), replayed with \($0.own)"
    }
    if recorded.ranks != present.ranks && !(recorded.isIndependentOfRanks && present.isIndependentOfRanks) {
      found.append(
        "recorded on \(recorded.ranks.counted("rank")), replayed on \(present.ranks): with \(recorded.shards.counted("shard")) that is "
          + "equal to rounding, and the same bits only on \(recorded.ranks.counted("rank"))")
    }
    return found
  }

  /// How to mend a difference, as an instruction.
  package static func remedy(recorded: LaunchRecord?, present: LaunchRecord) -> String {
    guard let recorded else {
      return "replay it on the processor and with the threads it was recorded with; this is \(present.kernels.text)"
    }
    let causes = differences(recorded: recorded, present: present)
    if !causes.isEmpty { return "make these equal: " + causes.joined(separator: "; ") }
    let program = recorded.program == present.program ? "" : ", with the build it was recorded with"
    return "kernels, threads and shards are as recorded (\(present.kernels.text)): see that config.json, "
      + "metrics.jsonl and the data have not changed since\(program)"
  }
}
