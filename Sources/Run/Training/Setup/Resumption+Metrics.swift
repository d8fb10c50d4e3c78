import Diagnostics
import RunRecord

extension Resumption {
  /// Says that steps before the checkpoint are not recorded, where `metrics.jsonl` was removed or cut between two launches.
  /// Looks at the end of the file only.
  var metricsRemark: String? {
    guard let checkpoint, origin == nil, let stored else { return nil }
    let last = MetricsEnd(path: folder.metricsPath).lastStep
    let expected = checkpoint.step - checkpoint.step % stored.logEveryNSteps
    guard last < expected else { return nil }
    let missing = last + 1 == expected ? "step \(expected)" : "steps \(last + 1) to \(expected)"
    return "\(folder.metricsPath) has no lines of \(missing), which the run has done: the file was removed or cut"
  }
}
