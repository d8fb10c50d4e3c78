import CommandLine
import Diagnostics
import Foundation

extension TrainingConfiguration {
  /// Takes the run folder that the configuration file lies in, if it does: what a run's own `config.json` says of `out` is
  /// where the folder was, and it may have been copied or moved since. A folder that the command line gives stays.
  package mutating func takeRunFolder(of origins: ValueOrigins) {
    guard case .file(let path, _) = origins["out"], path.lastName == "config.json" else { return }
    let folder = path.parentFolder
    let isRun = access("\(folder)/checkpoints", F_OK) == 0 && access("\(folder)/.lock", F_OK) == 0
    if isRun { out = folder }
  }
}
