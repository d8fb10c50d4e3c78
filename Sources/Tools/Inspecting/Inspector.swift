import Datasets
import Diagnostics
import FileSystem
import Files
import RunRecord

/// Finds out what a path or a data specification stands for, and says what it holds.
package struct Inspector: Sendable {
  /// Reads every value of tensors and samples; otherwise only headers, and a part of a data set's samples.
  package var readsValues = false
  /// Compares checkpoints with the SHA-256 of their manifests; otherwise sizes only.
  package var verifies = false

  package init(readsValues: Bool = false, verifies: Bool = false) {
    (self.readsValues, self.verifies) = (readsValues, verifies)
  }

  /// Kinds of things that can be inspected, for messages.
  static let readable = "a run folder, a checkpoint folder, a safetensors, npy or idx file, or a data specification"

  /// Reads only. `Failure(.data)` or `.usage` for what is not one of the things above or cannot be read at all; what is
  /// damaged in parts comes back with `problems`.
  package func inspect(_ path: String) throws -> Inspection {
    guard let status = try Disk.status(of: path) else {
      if Self.isDataSpec(path) { return try inspectData(path) }
      throw Failure(.data, "there is no such file or folder", at: path, expected: Self.readable)
    }
    if status.kind == .folder { return try inspectFolder(path) }
    let file = try InputFile(path: path)
    switch try FileKind(file) {
    case .safetensors: return try inspectSafetensors(path)
    case .npy: return try inspectNpy(path)
    case .idx: return try inspectIdx(path)
    case .other(let words, let remedy):
      throw Failure(
        .data, "this is not something that bt-dist can read", at: path, expected: Self.readable,
        found: "\(words), \(file.bytes.counted("byte"))", remedy: remedy)
    }
  }

  private static func isDataSpec(_ text: String) -> Bool {
    let word = text.prefix { $0 != ":" }
    return DataSpec.kinds.contains { $0.name == word }
  }

  private func inspectFolder(_ path: String) throws -> Inspection {
    func has(_ name: String) -> Bool { Disk.isThere("\(path)/\(name)") }
    if has("config.json") || has("metrics.jsonl") { return inspectRun(path) }
    if has(CheckpointManifest.fileName) || has(CheckpointState.fileName) { return inspectCheckpoint(path) }
    let names = try Disk.names(in: path).sorted()
    let runs = names.filter { has("\($0)/config.json") || has("\($0)/\(CheckpointManifest.fileName)") }
    throw Failure(
      .data, "the folder is neither a run nor a checkpoint", at: path,
      expected: "config.json, or \(CheckpointManifest.fileName)",
      found: names.isEmpty ? "nothing" : names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : ""),
      remedy: runs.first.map { "look into it: bt-dist inspect \(path)/\($0)" })
  }
}
