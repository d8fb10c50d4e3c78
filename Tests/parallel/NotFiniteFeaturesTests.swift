import Foundation
import TestSupport
import Testing

/// Numbers that are derived from finite ones and are not finite themselves, outside of the training step: every command
/// ends with 65 and says where.
@Suite struct NotFiniteFeaturesTests {
  private static let (samples, features, bad) = (150, 12, 131)
  private static let network = [
    "--encoder", "mlp", "--mlp-hidden", "16,8", "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size",
    "16", "--shards", "2", "--max-epochs", "1", "--warmup-epochs", "0", "--augment", "noise=0.1",
  ]

  private final class Material: Sendable {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      var values = normalNumbers(samples * features, seed: 1)
      try folder.npy("good.npy", [samples, features], values)
      for i in bad * features..<(bad + 1) * features { values[i] = -3.4028235e38 }
      try folder.npy("bad.npy", [samples, features], values)
      try folder.labels("y.npy", samples, classes: 3)
      let result = try Launch.run(
        "bt-dist", ["train", "--data", "npy:\(folder.file("good.npy"))", "--out", folder.file("run")] + network,
        ranks: nil)
      try #require(result.code == 0, "\(result.text)")
    }

    func labelled(_ name: String) -> String { "npy:\(folder.file(name)),\(folder.file("y.npy"))" }
  }

  private static let material = Result { try Material() }

  @Test(arguments: [nil, 2] as [Int?]) func embedNamesTheSample(ranks: Int?) throws {
    let material = try Self.material.get()
    let result = try Launch.run(
      "bt-dist",
      [
        "embed", "--from", material.folder.file("run"), "--data", material.labelled("bad.npy"), "--out",
        material.folder.file("features.npy"),
      ], ranks: ranks)
    expectOneMessage(result, 65, says: ["bad.npy, sample \(Self.bad), feature", "not a finite number", "remedy"])
  }

  @Test(arguments: [("good.npy", "bad.npy"), ("bad.npy", "good.npy")])
  func evalPrintsNoAccuracy(train: String, test: String) throws {
    let material = try Self.material.get()
    let result = try Launch.run(
      "bt-dist",
      [
        "eval", "--from", material.folder.file("run"), "--train", material.labelled(train), "--test",
        material.labelled(test),
      ], ranks: nil)
    expectOneMessage(result, 65, says: ["bad.npy, sample \(Self.bad), feature", "not a finite number"])
    #expect(!result.output.contains("trained encoder"), "\(result.text)")
  }

  /// The sample is in the last of nine batches. What has been trained stays, and the next launch validates first.
  @Test(arguments: [nil, 2] as [Int?]) func validationNamesTheSample(ranks: Int?) throws {
    let material = try Self.material.get()
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let command =
      ["train", "--data", "npy:\(material.folder.file("good.npy"))", "--out", run.path] + Self.network
      + [
        "--val-data", "npy:\(material.folder.file("bad.npy"))", "--max-epochs", "2", "--checkpoint-every-n-steps",
        "500",
      ]
    for _ in 1...2 {
      let result = try Launch.run("bt-dist", command, ranks: ranks)
      expectOneMessage(
        result, 65,
        says: ["bad.npy, sample \(Self.bad), in validation batch 9", "not a finite number", "3.4028235e+38"])
      #expect(run.checkpoints == [9] && run.lines.count == 9, "\(result.text)")
    }
    #expect(!run.lines.contains { $0.contains("val_loss") })
  }

  @Test func anInitWithANegativeVarianceIsRefused() throws {
    let material = try Self.material.get()
    let folder = try TemporaryFolder()
    let options = ["--encoder-kwargs", #"{"norm_layer": "batch_norm"}"#, "--data", material.labelled("good.npy")]
    let run = RunResult(folder.file("first"))
    let first = try Launch.run(
      "bt-dist", ["train", "--out", run.path, "--max-steps", "0"] + Self.network + options, ranks: nil)
    try #require(first.code == 0, "\(first.text)")
    var bytes = try readBytes(run.checkpoint(0) + "/model.safetensors")
    let name = "encoder.1.running_var"
    let place = try Self.place(of: name, in: bytes)
    bytes.replaceSubrange(place..<place + 4, with: withUnsafeBytes(of: Float(-1), Array.init))
    let file = try folder.write("init.safetensors", bytes)
    let result = try Launch.run(
      "bt-dist", ["train", "--out", folder.file("second"), "--init", file] + Self.network + options, ranks: nil)
    expectOneMessage(result, 65, says: ["init.safetensors", "'\(name)'", "negative variance"])
  }

  /// The first byte of a tensor: the file has the length of the header, the header as JSON, and the numbers.
  private static func place(of name: String, in bytes: [UInt8]) throws -> Int {
    let length = bytes[..<8].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any]
    let offsets = (header?[name] as? [String: Any])?["data_offsets"] as? [Int]
    return try 8 + length + #require(offsets?.first)
  }
}
