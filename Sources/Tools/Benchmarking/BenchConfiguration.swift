import CommandLine
import Configuration
import Diagnostics

/// What `bt-dist bench` is asked for: a training configuration, and how its steps are measured.
package struct BenchConfiguration: Sendable, Equatable {
  /// Data and augmentation have defaults of their own: `synthetic` and `none`.
  package var training: TrainingConfiguration
  /// Steps that are measured.
  package var steps = 5
  /// Steps before them.
  package var warmupSteps = 2
  /// A file of options in which a second configuration differs from the first.
  package var against: String?
  /// Whether times are also taken layer by layer.
  package var layerTimes = false
  /// [B, D]: the loss alone.
  package var loss: [Int]?
  /// Whether the kernels that memory limits are measured alone.
  package var kernels = false
  /// The size of their tensors; nil: as in the ResNet-18s.
  package var kernelMebibytes: Int?
  /// The file to write the results to.
  package var json: String?

  package init() {
    training = TrainingConfiguration()
    (training.data, training.augment) = (Self.heldData, "none")
  }

  /// The `--data` of samples that are made for the encoder and held in memory.
  package static let heldData = "synthetic"

  /// The configuration that `against` names: this one's, with the file's options in place of its own.
  ///
  /// - Throws: a usage failure for a file that cannot be read or has something wrong in it.
  package func opponent() throws(Failure) -> TrainingConfiguration? {
    guard let against else { return nil }
    var (other, origins) = (training, ValueOrigins())
    let file = try ConfigurationFile(path: against, bytes: try ConfigurationFile.read(path: against))
    var problems = FailureCollector()
    let rejected = TrainingConfiguration.optionTable.apply(file, to: &other, origins: &origins, &problems)
    other.fillInDefaults()
    problems.attempt { try other.validate(origins: origins, except: rejected) }
    try problems.end()
    return other
  }
}
