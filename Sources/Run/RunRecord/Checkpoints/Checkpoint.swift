import Diagnostics
import Files
import Foundation

/// A checkpoint folder whose files were found whole.
package struct Checkpoint: Sendable {
  package static let modelFile = "model.safetensors"
  static let optimizerFile = "optimizer.safetensors"

  package let path: String
  package let state: CheckpointState

  /// Optimizer steps done.
  package var step: Int { state.step }

  /// Opens a checkpoint folder. Sizes and SHA-256 of all files must be those of its manifest; otherwise
  /// `Failure(.data)`.
  package init(verifying path: String) throws {
    for (name, file) in try Self.checkSizes(path) {
      let digest = try SHA256.hex(ofFile: "\(path)/\(name)")
      guard digest == file.sha256 else {
        throw Failure(
          .data, "the file was altered after the checkpoint was written", at: "\(path)/\(name)",
          expected: "SHA-256 \(file.sha256)", found: digest)
      }
    }
    self.path = path
    state = try CheckpointState(contentsOf: "\(path)/\(CheckpointState.fileName)")
    guard state.format == 1, state.step >= 0, state.shards >= 1 else {
      throw Failure(
        .data, "the checkpoint's state is of another version of bt-dist", at: path,
        expected: "format 1, a step of at least 0 and shards of at least 1",
        found: "format \(state.format), step \(state.step), shards \(state.shards)")
    }
  }

  /// The files of the manifest at `path`, by name. `Failure(.data)` unless all are there and have its sizes.
  @discardableResult
  package static func checkSizes(_ path: String) throws -> [(key: String, value: CheckpointManifest.File)] {
    let manifest = try CheckpointManifest(contentsOf: "\(path)/\(CheckpointManifest.fileName)")
    guard manifest.format == 1 else {
      throw Failure(
        .data, "the checkpoint's manifest is of another version of bt-dist, or damaged", at: path,
        expected: "format 1", found: "format \(manifest.format)")
    }
    for required in [modelFile, optimizerFile, CheckpointState.fileName] where manifest.files[required] == nil {
      throw Failure(.data, "the checkpoint's manifest does not name \(required)", at: path)
    }
    let files = manifest.files.sorted { $0.key < $1.key }
    for (name, file) in files {
      let bytes = try InputFile(path: "\(path)/\(name)").bytes
      guard bytes == file.bytes else {
        throw Failure(
          .data, "the file has another size than the checkpoint's manifest says", at: "\(path)/\(name)",
          expected: "\(file.bytes.counted("byte"))", found: "\(bytes.counted("byte"))")
      }
    }
    return files
  }

  package var modelPath: String { "\(path)/\(Self.modelFile)" }
  package var optimizerPath: String { "\(path)/\(Self.optimizerFile)" }
}
