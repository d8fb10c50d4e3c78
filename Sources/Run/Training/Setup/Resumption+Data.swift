import Configuration
import Diagnostics
import Layers
import RunRecord

extension Resumption {
  /// The launch that did the checkpoint's last step; nil where that is not recorded.
  var lastLaunch: LaunchRecord? {
    checkpoint.flatMap { LaunchHistory(path: (origin ?? folder).launchesPath).launch(of: $0.step) }
  }

  /// Compares the data with those that the run was trained on so far, by what `launches.jsonl` says of them; returns what
  /// the user should know.
  ///
  /// - Throws: `Failure(.data)` for other data, unless `--accept-data` names them.
  func compare(_ contents: DataContents, _ configuration: TrainingConfiguration) throws -> [String] {
    let others = contents.compared(with: lastLaunch).filter { $0.part.fingerprint != $0.recorded }
    let refused = others.filter { !$0.part.isAccepted(by: configuration) }
    if let (part, recorded) = refused.first {
      let accepted = others.map(\.part.shortFingerprint).joined(separator: ",")
      throw Failure(
        .data, "the data are not those that the run was trained on so far", at: "\(option: part.option) \(part.name)",
        expected: "fingerprint \(recorded.prefix(16)), as in \((origin ?? folder).launchesPath)",
        found: "fingerprint \(part.shortFingerprint): \(part.summary)",
        remedy: "give the data of the run, in the same order, from wherever they are now; if these are meant, add "
          + "\(option: "accept-data") \(accepted)")
    }
    return others.map {
      "\(option: $0.part.option) \($0.part.name) has other data than the run so far, as \(option: "accept-data") says: "
        + $0.part.summary
    }
  }

  /// What decides bits and is not as in the launch before, in one sentence; nil where all is.
  var kernelRemark: String? {
    guard origin == nil, let before = lastLaunch?.kernels else { return nil }
    let differences = KernelTraits.current.differences(from: before)
    if differences.isEmpty { return nil }
    return "the run was computed with \(differences.map(\.other).joined(separator: ", ")) so far, and is with "
      + "\(differences.map(\.own).joined(separator: ", ")) now: from here on its bits may differ from those of an "
      + "undisturbed run"
  }
}
