import Files
import Foundation
import Layers
import RunRecord

extension Inspector {
  /// The state, the files and the tensors of a checkpoint folder.
  func inspectCheckpoint(_ path: String) -> Inspection {
    var inspection = Inspection("checkpoint", path)
    inspection.attempt { inspection in
      let state = try CheckpointState(contentsOf: "\(path)/\(CheckpointState.fileName)")
      inspection.add("step", .count(state.step))
      if let updates = state.updates { inspection.add("updates", .count(updates)) }
      inspection.add("shards", .count(state.shards))
      inspection.add("loss of the first step", state.lossStart.map(InspectedValue.number) ?? .none)
      for (name, value) in (state.metrics ?? [:]).sorted(by: { $0.key < $1.key }) {
        inspection.add(name, .number(value))
      }
      inspection.add("parameter layout", .text(state.layout))
      if let kernels = state.kernels { inspection.add("kernels", .text(try KernelTable(kernels).summary)) }
    }
    inspection.add("whole", check(path, &inspection))
    inspection.attempt { inspection in
      let manifest = try CheckpointManifest(contentsOf: "\(path)/\(CheckpointManifest.fileName)")
      inspection.add(
        Inspection.Table(
          name: "files", columns: ["name", "bytes", "sha256"],
          rows: manifest.files.sorted { $0.key < $1.key }
            .map { [.text($0.key), .bytes($0.value.bytes), .text($0.value.sha256)] }))
    }
    inspection.attempt { inspection in
      add(try SafetensorsFile(path: "\(path)/\(Checkpoint.modelFile)"), to: &inspection)
    }
    return inspection
  }

  /// Whether a checkpoint is as its manifest says: `digests match`, `sizes match`, or `no` with a problem.
  func check(_ path: String, _ inspection: inout Inspection) -> InspectedValue {
    do {
      if verifies {
        _ = try Checkpoint(verifying: path)
        return .text("digests match")
      }
      try Checkpoint.checkSizes(path)
      return .text("sizes match")
    } catch {
      inspection.problems.append("\(error)")
      return .text("no")
    }
  }
}
