import Configuration
import Datasets
import Diagnostics
import Encoders
import Foundation
import Layers
import ModelFiles
import RunRecord
import TwinNetwork

/// The encoder of a run: its configuration, and the checkpoint whose parameters it takes.
package struct TrainedEncoder: Sendable {
  package let configuration: TrainingConfiguration
  package let checkpoint: Checkpoint
  private let folder: RunFolder

  /// - Parameter path: a run folder, or a checkpoint folder inside one.
  /// - Parameter choice: which checkpoint of a run folder; `.newest` is the newest whole one.
  /// - Parameter warn: gets a message for each checkpoint that is not whole.
  package init(
    from path: String, _ choice: CheckpointChoice = .newest, warn: (String) -> Void = { _ in }
  ) throws {
    let isCheckpoint = FileManager.default.fileExists(atPath: "\(path)/\(CheckpointManifest.fileName)")
    folder = RunFolder(isCheckpoint ? "\(path)/../.." : path)
    configuration = try folder.recordedConfiguration(at: path)
    if isCheckpoint, choice != .newest {
      throw Failure(
        .usage, "a checkpoint is chosen twice", at: "\(option: "step")", expected: "a run folder with it",
        found: path,
        remedy: "leave \(option: "step") out, or give the run folder")
    }
    checkpoint =
      isCheckpoint
      ? try Checkpoint(verifying: path)
      : try choice.checkpoint(of: CheckpointStore(runFolder: path, keep: 1), runFolder: path, warn: warn)
  }

  /// The files of the run, and of the data that it was trained on.
  package var files: [String] { folder.files + DataSpec.files(configuration.data) }

  /// The encoder with its parameters read from the checkpoint.
  package func extractor(sampleShape: [Int]) throws -> FeatureExtractor {
    let extractor = try makeExtractor(sampleShape)
    try ModelFile(extractor.state).read(checkpoint.modelPath, ignoring: "projection_head.")
    return extractor
  }

  /// The same encoder as it was before training.
  package func untrainedExtractor(sampleShape: [Int]) throws -> FeatureExtractor {
    let extractor = try makeExtractor(sampleShape)
    try extractor.state.initialise(seed: configuration.randomState)
    return extractor
  }

  private func makeExtractor(_ sampleShape: [Int]) throws -> FeatureExtractor {
    try ConfiguredNetwork(configuration, sampleShape: sampleShape)
      .featureExtractor(kernels: try KernelTable(checkpoint.state.kernels ?? configuration.kernels ?? [:]))
  }
}
