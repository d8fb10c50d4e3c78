import Configuration
import DataParallel
import Files
import Foundation
import MPI
import Replaying
import TestSupport
import Training

/// A run of a moment: three steps of a small network, with two checkpoints and a validation, in this process.
enum SmallRunFolder {
  nonisolated(unsafe) private static let communicator = try! Communicator.join()
  static let checkpoint = "checkpoints/step-00000002"

  private static let options = [
    "--data", "synthetic:6,n=32,classes=2", "--val-data", "synthetic:6,n=16", "--encoder", "mlp", "--mlp-hidden", "8,4",
    "--augment", "noise=0.1", "--proj-hidden-dim", "8", "--proj-output-dim", "8", "--batch-size", "16", "--shards", "1",
    "--lr-scheduler", "none", "--checkpoint-every-n-steps", "1", "--keep-checkpoints", "2", "--threads", "1",
    "--monitor", "val_loss", "--save-top-k", "1", "--num-sanity-val-steps", "0",
  ]

  /// Arguments of bt-dist for a step of a new run, whose folder is removed if it is there; later ones win.
  static func training(into folder: String, _ more: [String]) throws -> [String] {
    try Fuzz.remove(folder)
    return ["train"] + options + ["--out", folder, "--max-steps", "1"] + more
  }

  static func configuration(_ more: [String]) throws -> TrainingConfiguration {
    guard case .run(let command) = try TrainingConfiguration.command.parse(options + more) else {
      preconditionFailure("neither help nor a printed configuration was asked for")
    }
    return command.options
  }

  /// Trains two steps into a new folder.
  static func write(to folder: String) throws { try train(["--out", folder, "--max-steps", "2"]) }

  /// Resumes a run for one more step.
  static func resume(_ folder: String) throws { try train(longer(folder)) }
  /// The same as arguments of bt-dist.
  static func resuming(_ folder: String) -> [String] { ["train"] + options + longer(folder) }
  private static func longer(_ folder: String) -> [String] { ["--out", folder, "--max-steps", "3"] }

  /// One step with these parameters, which leaves nothing.
  static func start(initialParameters path: String) throws {
    var configuration = try configuration(["--init", path, "--max-steps", "1", "--out", "unused"])
    configuration.out = ""
    _ = try TrainingRun(configuration, communicator).train(nil)
  }

  private static func train(_ more: [String]) throws {
    _ = try TrainingRun(configuration(more), communicator).train(nil)
  }

  /// For what reads a run.
  static func replay(_ request: ReplayRequest) throws { _ = try ReplayRun(request, communicator).replay { _ in } }
}
