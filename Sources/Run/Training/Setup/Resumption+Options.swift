import Configuration
import Diagnostics
import RunRecord

extension Resumption {
  /// Compares options and data with those of the run that is resumed; returns what the user should know.
  ///
  /// A run that begins with a checkpoint of another run may have other options, and says which.
  ///
  /// - Throws: a usage failure for options that belong to the run and differ; `Failure(.data)` for a folder with
  ///   checkpoints but no configuration, whose options are not known, and for other data.
  func compare(_ configuration: TrainingConfiguration, _ contents: DataContents) throws -> [String] {
    try compareOptions(configuration, contents) + compare(contents, configuration)
      + [kernelRemark, metricsRemark].compactMap { $0 }
  }

  private func compareOptions(_ configuration: TrainingConfiguration, _ contents: DataContents) throws -> [String] {
    guard let checkpoint else {
      // A launch that was refused has left no run.
      let hasBegun = !LaunchHistory(path: folder.launchesPath).launches.isEmpty
      guard configuration.resume == .auto, hasBegun else { return [] }
      return ["\(folder.path) holds a run without a checkpoint to resume from: it starts anew"]
    }
    let comparedData = Set(contents.compared(with: lastLaunch).map(\.part.option))
    if origin != nil {
      guard let other = self.configuration else { return [] }
      let conflicts = configuration.conflicts(with: other, comparedData: comparedData)
      if conflicts.isEmpty { return [] }
      return ["unlike the run of \(checkpoint.path): \(conflicts.map(\.description).joined(separator: ", "))"]
    }
    guard let stored else {
      throw Failure(
        .data, "the run has checkpoints, but its options are not known: the file is missing",
        at: folder.configurationPath,
        remedy: "bring it back from a copy, or write it anew: `bt-dist train` with the run's options and "
          + "\(option: "print-config") prints such a file")
    }
    let changes = try configuration.checkResume(
      of: stored, path: folder.configurationPath, comparedData: comparedData)
    return changes.compactMap(configuration.remark)
  }

  /// The configuration of the run that the checkpoint was taken from; nil where that is not known.
  var configuration: TrainingConfiguration? {
    guard checkpoint != nil else { return nil }
    return origin == nil ? stored : try? origin?.configuration()
  }

  /// What `config.json` is to hold: a run that resumes keeps the parameters that it began with.
  func recorded(_ configuration: TrainingConfiguration) -> TrainingConfiguration {
    guard checkpoint != nil, origin == nil, let stored else { return configuration }
    var recorded = configuration
    recorded.initialParameters = stored.initialParameters
    return recorded
  }
}
