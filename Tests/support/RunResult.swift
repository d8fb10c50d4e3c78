import Diagnostics
import Files
import Foundation

/// A run folder as seen from outside: metrics and checkpoints.
package struct RunResult: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// The lines of `metrics.jsonl`, whole ones only.
  package var lines: [String] {
    let text = String(decoding: FileManager.default.contents(atPath: path + "/metrics.jsonl") ?? Data(), as: UTF8.self)
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  /// Keys that say how fast a step was: all others repeat to the bit.
  private static let timings = [
    "step_ms", "samples_per_second", "data_wait_ms", "comm_wait_ms", "checkpoint_ms", "forward_ms", "loss_ms",
    "backward_ms",
    "optimizer_ms",
  ]

  /// The metrics of each step and validation as written, without the timings.
  package func metrics() throws -> [String] {
    try lines.map { line in
      guard line.first == "{", line.last == "}" else { throw Failure(.data, "not an object: \(line)", at: path) }
      // Values hold no commas.
      let members = line.dropFirst().dropLast().split(separator: ",")
      let timings = line.contains("\"val_loss\":") ? ["val_ms"] : Self.timings
      let kept = members.filter { member in !timings.contains { member.hasPrefix("\"\($0)\":") } }
      guard kept.count == members.count - timings.count else {
        throw Failure(.data, "timings are missing: \(line)", at: path)
      }
      return kept.joined(separator: ",")
    }
  }

  /// A number of every step that was logged; of every validation, for a key of theirs.
  package func values(_ key: String) throws -> [Double] {
    try lines.filter { $0.contains("\"val_loss\":") == key.hasPrefix("val_") }.map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      guard let value = object?[key] as? Double else { throw Failure(.data, "no number '\(key)': \(line)", at: path) }
      return value
    }
  }

  /// Of each line `s7` for step 7, `v7` for the validation after it.
  package func order() throws -> [String] {
    try lines.map { line in
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      guard let step = object?["step"] as? Int else { throw Failure(.data, "no step: \(line)", at: path) }
      return (object?["val_loss"] == nil ? "s" : "v") + "\(step)"
    }
  }

  package var losses: [Double] { get throws { try values("loss") } }

  /// The steps of the checkpoints, in order.
  package var checkpoints: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/checkpoints")) ?? []
    return names.compactMap { $0.hasPrefix("step-") ? Int($0.dropFirst(5)) : nil }.sorted()
  }

  package func checkpoint(_ step: Int) -> String { path + String(format: "/checkpoints/step-%08d", step) }

  package func model(_ step: Int) throws -> SafetensorsFile {
    try SafetensorsFile(path: checkpoint(step) + "/model.safetensors")
  }

  /// SHA-256 of everything in a checkpoint that the next step depends on.
  package func digests(_ step: Int) throws -> [String] {
    try ["model.safetensors", "optimizer.safetensors", "state.json"].map {
      try SHA256.hex(ofFile: checkpoint(step) + "/" + $0)
    }
  }
}
