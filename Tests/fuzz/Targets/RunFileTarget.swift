import Files
import Foundation
import Inspecting
import Replaying
import RunRecord
import TestSupport

/// A file of a run folder, which is then inspected, replayed and resumed.
struct RunFileTarget: FuzzTarget {
  private let file: RunFile
  private let right, wrong: String
  private let original: [UInt8]

  init(folder: String, _ file: RunFile) throws {
    self.file = file
    right = folder + "/right"
    wrong = folder + "/wrong"
    try SmallRunFolder.write(to: right)
    original = try readBytes("\(right)/\(file.path)")
  }

  mutating func mutated(_ mutator: inout Mutator) -> [UInt8] { mutator.mutate(original) }

  func write(_ input: [UInt8]) throws -> [String] {
    try Fuzz.remove(wrong)
    try FileManager.default.copyItem(atPath: right, toPath: wrong)
    try Fuzz.write(input, to: "\(wrong)/\(file.path)")
    if file.isInManifest { try repairManifest(input) }
    let commands = [
      ["inspect", wrong, "--statistics"], ["replay", "--from", wrong], SmallRunFolder.resuming(wrong),
    ]
    return commands[input.count % commands.count]
  }

  func read() throws {
    if let inspection = try? Inspector(readsValues: true, verifies: true).inspect(wrong) {
      _ = inspection.text + inspection.json
    }
    try attempt { try SmallRunFolder.replay(ReplayRequest(from: wrong)) }
    try SmallRunFolder.resume(wrong)
  }

  /// A failure for the user is as good as none.
  private func attempt(_ work: () throws -> Void) throws {
    do { try work() } catch { guard isForUser(error) else { throw error } }
  }

  /// Whoever wants to do harm gives the manifest that belongs to the file.
  private func repairManifest(_ input: [UInt8]) throws {
    let path = "\(wrong)/\(SmallRunFolder.checkpoint)/\(CheckpointManifest.fileName)"
    var manifest = try CheckpointManifest(contentsOf: path)
    let name = (file.path as NSString).lastPathComponent
    let digest = try input.withUnsafeBytes { try SHA256.hex(of: $0) }
    manifest.files[name] = CheckpointManifest.File(bytes: input.count, sha256: digest)
    try OutputFile.replace(path, with: JSONText.encode(manifest, .pretty))
  }
}

/// A file of a run folder.
struct RunFile: Sendable {
  let name: String
  /// Below the run folder.
  let path: String
  let isInManifest: Bool

  private init(_ name: String, _ path: String, isInManifest: Bool = false) {
    self.name = name
    self.path = path
    self.isInManifest = isInManifest
  }

  /// All but `.lock`: each wrong one would be watched for seconds.
  static let all = [
    RunFile("run-configuration", "config.json"),
    RunFile("metrics", "metrics.jsonl"),
    RunFile("launches", "launches.jsonl"),
    RunFile("best", "checkpoints/best.json"),
    RunFile("manifest", SmallRunFolder.checkpoint + "/manifest.json"),
    RunFile("state", SmallRunFolder.checkpoint + "/state.json", isInManifest: true),
    RunFile("optimizer", SmallRunFolder.checkpoint + "/optimizer.safetensors", isInManifest: true),
  ]
}
