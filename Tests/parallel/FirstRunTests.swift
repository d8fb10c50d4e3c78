import Foundation
import TestSupport
import Testing

/// The first run of somebody with a small data set, who gives data, encoder and folder and nothing else that depends on
/// the data.
@Suite struct FirstRunTests {
  private let folder: TemporaryFolder
  /// A small network, which does not depend on the data.
  private let network = [
    "--proj-hidden-dim", "16", "--proj-output-dim", "8", "--autotune", "off",
  ]

  init() throws { folder = try TemporaryFolder() }

  private func train(
    _ shape: [Int], _ encoder: String, ranks: Int? = nil, out: String = "run", _ options: [String] = []
  ) throws -> LaunchResult {
    let size =
      ["mlp": ["--mlp-hidden", "16,8"], "resnet18": ["--width", "4"], "resnet3d-18": ["--n-embedding", "8"]][encoder]
      ?? []
    let path = try folder.npy("x.npy", shape, normalNumbers(shape.reduce(1, *), seed: 1))
    return try Launch.run(
      "bt-dist",
      ["train", "--data", "npy:\(path)", "--encoder", encoder, "--out", folder.file(out)] + network + size + options,
      ranks: ranks)
  }

  private func stored(_ option: String, in run: String = "run") throws -> Any? {
    let data = Data(folder.text("\(run)/config.json").utf8)
    return (try JSONSerialization.jsonObject(with: data) as? [String: Any])?[option]
  }

  @Test(arguments: [nil, 2, 3, 4] as [Int?])
  func sixtyRows(ranks: Int?) throws {
    let result = try train([60, 20], "mlp", ranks: ranks, ["--max-epochs", "5"])
    #expect(result.code == 0 && result.errors == "", "\(result.text)")
    let batch = ranks == 3 ? 48 : 32
    #expect(result.output.contains("--batch-size \(batch) (the largest power of two"), "\(result.text)")
    #expect(result.output.contains("--warmup-epochs 0.5 (a tenth of the run)"), "\(result.text)")
    #expect(try stored("batch-size") as? Int == batch && stored("warmup-epochs") as? Double == 0.5)
    #expect((try stored("augment") as? String)?.hasPrefix("noise=0.") == true)
  }

  @Test(arguments: [("resnet18", [60, 3, 8, 8]), ("resnet3d-18", [60, 1, 8, 8, 8])])
  func sixtyImagesOrVolumes(encoder: String, shape: [Int]) throws {
    let result = try train(shape, encoder, ["--max-steps", "1"])
    #expect(result.code == 0, "\(result.text)")
    #expect(result.output.contains("finished at step 1"), "\(result.text)")
  }

  @Test func threeRowsAreTooFew() throws {
    let result = try train([3, 20], "mlp")
    expectOneMessage(result, 65, says: ["too few samples", "at least 4", "found:    3", "remedy:"])
  }

  /// A later start has what the first one chose, also where its own length or ranks would choose something else.
  @Test func aResumeKeepsWhatWasChosen() throws {
    let first = try train([60, 20], "mlp", ["--max-epochs", "5", "--shards", "2"])
    try #require(first.code == 0, "\(first.text)")
    let before = try stored("augment") as? String
    let second = try train([60, 20], "mlp", ranks: 2, ["--max-epochs", "7"])
    #expect(second.code == 0 && second.output.contains("resumed    after step 5"), "\(second.text)")
    #expect(try stored("batch-size") as? Int == 32 && stored("warmup-epochs") as? Double == 0.5)
    #expect(try stored("augment") as? String == before)
    // A run of its own that begins at a checkpoint of the first.
    let third = try train(
      [60, 20], "mlp", out: "other",
      ["--resume", RunResult(folder.file("run")).checkpoint(5), "--max-epochs", "7", "--shards", "2"])
    #expect(third.code == 0, "\(third.text)")
    #expect(try stored("warmup-epochs", in: "other") as? Double == 0.5)
  }
}
