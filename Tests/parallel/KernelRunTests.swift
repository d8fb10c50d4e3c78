import Foundation
import TestSupport
import Testing

/// Tables of kernels in real runs: the same bits on any number of ranks, over a stop, in a replay; measured by rank 0.
@Suite struct KernelRunTests {
  private static let network = [
    "--data", "synthetic:3x12x12,n=72", "--augment", "small-images", "--encoder", "resnet18", "--width", "16",
    "--batch-size", "32", "--shards", "4", "--proj-hidden-dim", "32", "--proj-output-dim", "48", "--max-epochs", "6",
    "--warmup-epochs", "2", "--checkpoint-every-n-steps", "6", "--keep-checkpoints", "100",
  ]
  /// Large enough to be measured: 67 million multiply-adds for a shard.
  private static let perceptron = [
    "--data", "synthetic:128,n=512", "--augment", "none", "--encoder", "mlp", "--mlp-hidden", "512,512",
    "--batch-size", "256", "--shards", "2", "--proj-hidden-dim", "64", "--proj-output-dim", "64", "--max-epochs", "1",
    "--warmup-epochs", "0",
  ]

  private func train(
    _ out: String, _ options: [String], ranks: Int?, cache: String = "", code: Int32 = 0
  ) throws -> LaunchResult {
    let result = try Launch.run(
      "bt-dist", ["train", "--out", out] + options, ranks: ranks, environment: ["BT_DIST_CACHE": cache])
    #expect(result.code == code, "\(result.text)")
    return result
  }

  /// Methods that the static rule does not choose here. oneDNN has Winograd's kernels for AVX-512 only.
  private static let table: String = {
    let processor = FileManager.default.contents(atPath: "/proc/cpuinfo") ?? Data()
    let winograd = processor.range(of: Data("avx512".utf8)) == nil
    let directions = ["forward", "dataGradient", "weightGradient"]
    func entry(_ layer: String, _ method: String) -> String {
      "\"\(layer)\": {" + directions.map { "\($0): '\(method)'" }.joined(separator: ", ") + "}"
    }
    return "{" + entry("encoder.layer1.0.conv1.weight", winograd ? "direct" : "winograd") + ", "
      + entry("projection_head.layers.0.weight", "matrixProduct") + ", "
      + entry("projection_head.layers.6.weight", "plainInnerProduct") + "}"
  }()

  private func kernels(_ path: String) throws -> NSDictionary {
    let data = try #require(FileManager.default.contents(atPath: path))
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    return try #require((object["kernel-table"] ?? object["kernels"]) as? NSDictionary)
  }

  @Test func aTableGivesTheSameBitsOnAnyRanks() throws {
    let folder = try TemporaryFolder()
    let given = Self.network + ["--kernel-table", Self.table]
    _ = try train(folder.file("1"), given, ranks: 1)
    let one = RunResult(folder.file("1"))
    let (metrics, digests) = (try one.metrics(), try one.digests(12))
    try #require(metrics.count == 12)
    for ranks in [2, 4] {
      _ = try train(folder.file("\(ranks)"), given, ranks: ranks)
      let run = RunResult(folder.file("\(ranks)"))
      #expect(try run.metrics() == metrics, "\(ranks) ranks")
      #expect(try run.digests(12) == digests, "\(ranks) ranks")
    }
    // The static rule gives other bits, or this test would show nothing.
    _ = try train(folder.file("rule"), Self.network, ranks: 1)
    #expect(try RunResult(folder.file("rule")).metrics() != metrics)

    // Stopped halfway, and resumed without the option: the table is the run's.
    let parts = RunResult(folder.file("parts"))
    _ = try train(parts.path, given + ["--max-steps", "6"], ranks: 4)
    let resumed = try train(parts.path, Self.network, ranks: 2)
    #expect(resumed.output.contains("as given or recorded") && !resumed.text.contains("warning"), "\(resumed.text)")
    #expect(try parts.metrics() == metrics)
    #expect(try parts.digests(12) == digests)
    let stored = try kernels(parts.path + "/config.json")
    #expect(stored == (try kernels(parts.checkpoint(12) + "/state.json")))
    #expect((stored["projection_head.layers.0.weight"] as? NSDictionary)?["forward"] as? String == "matrixProduct")

    // The stored table as a file, whole, gives the run again; a run cannot resume with another.
    _ = try train(
      folder.file("again"), Self.network + ["--kernel-table", parts.path + "/config.json"], ranks: 1)
    #expect(try RunResult(folder.file("again")).metrics() == metrics)
    let other = "{'projection_head.layers.0.weight': {forward: 'innerProduct'}}"
    let refused = try train(parts.path, Self.network + ["--kernel-table", other], ranks: 2, code: 64)
    expectOneMessage(refused, 64, says: ["other options", "--kernel-table"])

    let replay = try Launch.run("bt-dist", ["replay", "--from", parts.path, "--step", "9"], ranks: 2)
    #expect(replay.code == 0, "\(replay.text)")
    let inspected = try Launch.run("bt-dist", ["inspect", parts.path], ranks: nil)
    #expect(inspected.code == 0 && inspected.output.contains("matrixProduct"), "\(inspected.text)")
    let features = try Launch.run(
      "bt-dist",
      ["embed", "--from", parts.path, "--data", "synthetic:3x12x12,n=72", "--out", folder.file("f.npy")], ranks: 1)
    #expect(features.code == 0 && !features.text.contains("warning"), "\(features.text)")
  }

  @Test(arguments: [1, 2]) func rankZeroMeasuresOnce(ranks: Int) throws {
    let folder = try TemporaryFolder()
    let cache = folder.file("cache")
    let first = try train(folder.file("a"), Self.perceptron, ranks: ranks, cache: cache)
    #expect(first.output.contains(" measured in "), "\(first.text)")
    let second = try train(folder.file("b"), Self.perceptron, ranks: ranks, cache: cache)
    #expect(second.output.contains(" from earlier measurements"), "\(second.text)")
    #expect(!second.output.contains(" measured in "), "\(second.text)")
    let (a, b) = (RunResult(folder.file("a")), RunResult(folder.file("b")))
    #expect(try a.metrics() == b.metrics())
    #expect(try kernels(a.path + "/config.json") == (try kernels(b.path + "/config.json")))

    try "{]".write(toFile: cache + "/kernels.json", atomically: true, encoding: .utf8)
    let third = try train(folder.file("c"), Self.perceptron, ranks: ranks, cache: cache)
    #expect(third.output.contains(" measured in ") && third.text.contains("measured anew"), "\(third.text)")
    let off = try train(folder.file("d"), Self.perceptron + ["--autotune", "off"], ranks: ranks, cache: cache)
    #expect(off.output.contains("(by the static rule)"), "\(off.text)")
  }

  @Test func badTablesAreOneFailure() throws {
    let folder = try TemporaryFolder()
    try "{kernel-table: {".write(toFile: folder.file("broken.json5"), atomically: true, encoding: .utf8)
    let cases: [(table: String, says: [String])] = [
      (folder.file("absent.json"), ["--kernel-table", "cannot be read", "absent.json"]),
      (folder.file("broken.json5"), ["--kernel-table", "not valid JSON5", "broken.json5"]),
      ("{a: 'direct'}", ["--kernel-table", "layer → direction → method"]),
      ("{a: {forward: 'direct'}}", ["no such layer", "found:    a"]),
      ("{'encoder.conv1.weight': {up: 'direct'}}", ["not a direction", "encoder.conv1.weight", "up"]),
      ("{'encoder.conv1.weight': {forward: 'matmul'}}", ["not a method", "encoder.conv1.weight", "matmul"]),
      ("{'encoder.conv1.weight': {forward: 'innerProduct'}}", ["no such method", "direct"]),
    ]
    for (table, says) in cases {
      let result = try Launch.run(
        "bt-dist", ["train", "--out", folder.file("run")] + Self.network + ["--kernel-table", table], ranks: 2)
      expectOneMessage(result, 64, says: says, table)
    }
  }
}
