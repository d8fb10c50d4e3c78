import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// `bt-dist inspect`: what it says of whole things, of damaged ones, and of what it cannot read.
@Suite struct InspectTests {
  private func inspect(_ arguments: [String], ranks: Int? = nil) throws -> LaunchResult {
    try Launch.run("bt-dist", ["inspect"] + arguments, ranks: ranks)
  }

  private func json(_ arguments: [String], code: Int32 = 0) throws -> [String: Any] {
    let result = try inspect(arguments + ["--json"])
    try #require(result.code == code, "\(result.text)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func expect(_ arguments: [String], code: Int32, says words: String..., ranks: Int? = nil) throws {
    let result = try inspect(arguments, ranks: ranks)
    #expect(result.code == code, "\(result.text)")
    for word in words { #expect(result.text.contains(word), "no '\(word)': \(result.text)") }
  }

  private static let options = [
    "--data", "synthetic:1x8x8,n=16", "--width", "2", "--proj-hidden-dim", "8", "--proj-output-dim", "6",
    "--batch-size",
    "4", "--lr-scheduler", "none", "--max-epochs", "2", "--save-top-k", "1", "--monitor", "loss",
  ]

  private func train(_ folder: TemporaryFolder) throws -> RunResult {
    let run = RunResult(folder.file("run"))
    let result = try Launch.run("bt-dist", ["train", "--out", run.path] + Self.options, ranks: 2)
    try #require(result.code == 0, "\(result.text)")
    return run
  }

  @Test func runsAndCheckpoints() throws {
    let folder = try TemporaryFolder()
    let run = try train(folder)
    let found = try json([run.path])
    #expect(found["kind"] as? String == "run" && found["steps_done"] as? Int == 8)
    #expect(found["last_loss"] as? Double == (try run.losses.last).map { Double(String(format: "%.9g", $0))! })
    let checkpoints = try #require(found["checkpoints"] as? [[String: Any]])
    #expect(checkpoints.map { $0["step"] as? Int } == [4, 8])
    #expect(checkpoints.allSatisfy { $0["whole"] as? String == "sizes match" })
    #expect((found["launches"] as? [[String: Any]])?.first?["ranks"] as? Int == 2)
    #expect((found["best_checkpoints"] as? [[String: Any]])?.count == 1)
    let options = try #require(found["options"] as? [[String: Any]])
    #expect(options.first { $0["option"] as? String == "width" }?["value"] as? Int == 2)
    try expect([run.path, "--verify"], code: 0, says: "digests match", "steps done", "synthetic:1x8x8,n=16", ranks: 2)

    let checkpoint = try json([run.checkpoint(8), "--statistics"])
    #expect(checkpoint["step"] as? Int == 8 && checkpoint["kind"] as? String == "checkpoint")
    let tensors = try #require(checkpoint["tensors"] as? [[String: Any]])
    #expect(try tensors.count == run.model(8).names.count)

    // What export says of its file is what inspect says of it.
    let exported = folder.file("encoder.safetensors")
    let export = try Launch.run("bt-dist", ["export", "--from", run.path, "--out", exported], ranks: nil)
    let file = try json([exported])
    let contents = try #require(file["contents"] as? String)
    #expect(export.code == 0 && export.output.contains("\n" + contents + "\n"), "\(export.text)")
    let numbers = try #require(file["numbers"] as? Int)
    #expect((file["parameters"] as? Int ?? 0) + (file["buffers"] as? Int ?? 0) == numbers)

    // Size and bits: the one is found at once, the other with --verify.
    let path = run.checkpoint(8) + "/model.safetensors"
    var bytes = try readBytes(path)
    bytes[bytes.count - 3] ^= 1
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    try expect([run.path], code: 0, says: "sizes match")
    try expect([run.path, "--verify"], code: 65, says: "problem: ", path, "digests match", "no")
    try Data(bytes.dropLast(5)).write(to: URL(fileURLWithPath: path))
    try expect([run.path], code: 65, says: "another size")
    try expect([run.checkpoint(8)], code: 65, says: "another size", "shards")
    // The rest of a run whose files are gone or damaged is still said.
    try Data("{".utf8).write(to: URL(fileURLWithPath: run.path + "/config.json"))
    try expect([run.path], code: 65, says: "steps done", "config.json")
  }

  @Test func tensorsAndTheirStatistics() throws {
    let folder = try TemporaryFolder()
    let values = AlignedBuffer<Float>(copying: [1, -2, .nan, 4, 0.5, .infinity])
    let path = folder.file("a.safetensors")
    func write(_ shape: [Int]) throws {
      try SafetensorsWriter.write(
        [
          NamedTensor(name: "w.10", shape: shape, pointer: values.pointer),
          NamedTensor(name: "w.9", shape: [2], pointer: values.pointer),
        ],
        metadata: ["format": "pt"], to: path)
    }
    try write([2, 1])
    let whole = try json([path, "--statistics"])
    #expect(
      whole["count"] as? Int == 2 && whole["numbers"] as? Int == 4
        && (whole["metadata"] as? [[String: String]])?.first == ["key": "format", "value": "pt"])
    let rows = try #require(whole["tensors"] as? [[String: Any]])
    #expect(rows.map { $0["name"] as? String } == ["w.9", "w.10"] && rows[1]["shape"] as? [Int] == [2, 1])
    #expect(rows[0]["min"] as? Double == -2 && rows[0]["max"] as? Double == 1 && rows[0]["mean"] as? Double == -0.5)
    try write([6])
    let rest = try json([path, "--statistics"], code: 65)
    let row = try #require((rest["tensors"] as? [[String: Any]])?.last)
    #expect(row["non-finite"] as? Int == 2 && row["max"] as? Double == 4 && row["mean"] as? Double == 0.875)
    #expect((rest["problems"] as? [String])?.first?.contains("w.10") == true)
    try expect([path], code: 0, says: "F32", "w.9", "6")
  }

  @Test func arraysAndDataSets() throws {
    let folder = try TemporaryFolder()
    let x = try folder.npy("x.npy", [3, 4], (0..<12).map(Float.init))
    let y = try folder.labels("y.npy", 3, classes: 2)
    let array = try json([x])
    #expect(array["dtype"] as? String == "f4" && array["shape"] as? [Int] == [3, 4] && array["mean"] as? Double == 5.5)
    let labels = try json([y])
    #expect((labels["classes"] as? [[String: Int]]) == [["class": 0, "samples": 2], ["class": 1, "samples": 1]])
    let data = try json(["npy:\(x),\(y)"])
    #expect(data["samples"] as? Int == 3 && data["shape_of_a_sample"] as? [Int] == [4] && data["max"] as? Double == 11)
    #expect((data["classes"] as? [[String: Int]])?.count == 2)
    let idx = try folder.idx("x.idx", [5, 2, 2], Array(0..<20))
    let bytes = try json([try folder.gzip("x.idx")])
    #expect(bytes["shape"] as? [Int] == [5, 2, 2] && bytes["max"] as? Double == 19)
    try expect([idx], code: 0, says: "5×2×2", "u1")
    try expect(["synthetic:3x8x8,n=500"], code: 0, says: "500", "3×8×8", "samples read")
    let bad = try folder.npy("bad.npy", [3], [1, .nan, 2])
    try expect([bad], code: 65, says: "problem: values that are not finite: 1", "non-finite     1")
  }

  /// Nothing crashes it, and it says what it found instead.
  @Test func whatItCannotRead() throws {
    let folder = try TemporaryFolder()
    for (index, name) in ["x.npy", "x.idx", "x.safetensors", "plain", "x.idx.gz"].enumerated() {
      for count in [0, 1, 7, 8, 9, 100] {
        var bytes = randomBytes(count, seed: UInt64(index * 10 + count))
        if count > 8, index == 2 { bytes.replaceSubrange(0..<9, with: [90, 0, 0, 0, 0, 0, 0, 0, 0x7B]) }
        if count > 2, index == 4 { bytes.replaceSubrange(0..<2, with: [0x1F, 0x8B]) }
        try expect([try folder.write(name, bytes)], code: 65, says: name)
      }
    }
    try folder.npy("whole.npy", [4, 5], normalNumbers(20, seed: 1))
    try expect(
      [try folder.write("cut.npy", try folder.bytes("whole.npy").dropLast(3))], code: 65, says: "ends too early")
    try expect(
      [try folder.write("a.pt", Array("PK\u{3}\u{4}rest of it".utf8))], code: 65, says: "torch.save", "save_file")
    try expect([try folder.write("a.json", "{\"a\": 1}\n")], code: 65, says: "a text file")
    try expect([folder.path], code: 65, says: "neither a run nor a checkpoint", "a.json")
    try expect([try folder.folder("empty")], code: 65, says: "nothing")
    try expect([folder.file("missing")], code: 65, says: "no such file")
    try expect(["npy:" + folder.file("missing")], code: 65, says: "missing")
    try expect(["sinthetic:12"], code: 65, says: "no such file", "data specification")
    try expect(["/dev/null"], code: 65, says: "not a regular file")
    try expect([], code: 64, says: "PATH")
    try expect(["a", "b"], code: 64, says: "PATH")
  }
}
