import Foundation
import TestSupport
import Testing

/// `--precision bf16` from the command line, with oneDNN's emulation where the processor has no instructions for it.
@Suite struct PrecisionTests {
  private static let images = [
    "--data", "synthetic:3x12x12,n=72", "--augment", "small-images", "--width", "16", "--batch-size", "32",
    "--proj-hidden-dim", "32", "--proj-output-dim", "48", "--max-epochs", "6",
  ]
  private static let volumes = [
    "--data", "synthetic:1x12x8x7,n=36", "--augment", "noise=0.1", "--encoder", "resnet3d-18", "--width", "16",
    "--batch-size", "16", "--proj-hidden-dim", "32", "--proj-output-dim", "48", "--max-epochs", "3",
  ]
  private static let table = [
    "--data", "synthetic:19,n=100", "--augment", "noise=0.2", "--encoder", "mlp", "--mlp-hidden", "24,12",
    "--batch-size", "32", "--proj-hidden-dim", "32", "--proj-output-dim", "48", "--max-epochs", "4",
  ]

  private func train(
    _ recipe: [String], _ out: String, ranks: Int? = nil, _ options: [String], _ environment: [String: String] = [:]
  ) throws -> LaunchResult {
    let common = ["train", "--out", out, "--shards", "4", "--warmup-epochs", "1"]
    let result = try Launch.run(
      "bt-dist", common + recipe + options, ranks: ranks,
      environment: ["BT_DIST_EMULATE_BF16": "1"].merging(environment) { $1 })
    try #require(result.code == 0, "\(result.text)")
    return result
  }

  @Test(bfloat16IsThere, arguments: [images, volumes, table])
  func bitsDoNotDependOnTheRanks(_ recipe: [String]) throws {
    let folder = try TemporaryFolder()
    let runs = try [1, 2, 4].map { ranks in
      let result = try train(recipe, folder.file("\(ranks)"), ranks: ranks, ["--precision", "bf16"])
      #expect(result.output.contains("precision  bf16") && result.output.contains("same bits on every power of two"))
      return RunResult(folder.file("\(ranks)"))
    }
    let (metrics, last) = (try runs[0].metrics(), try #require(runs[0].checkpoints.last))
    for run in runs.dropFirst() {
      #expect(try run.metrics() == metrics)
      #expect(try run.digests(last) == runs[0].digests(last))
    }
    #expect(try runs[0].losses.allSatisfy(\.isFinite))
    _ = try train(recipe, folder.file("32"), ["--precision", "32"])
    #expect(try RunResult(folder.file("32")).losses != runs[0].losses)
  }

  /// oneDNN is told not to use bf16 instructions, so that this holds on every processor.
  @Test func fallsBackWithAMessage() throws {
    let folder = try TemporaryFolder()
    let environment = ["BT_DIST_EMULATE_BF16": "0", "DNNL_MAX_CPU_ISA": "AVX512_CORE"]
    let result = try train(Self.table, folder.file("bf16"), ranks: 2, ["--precision", "bf16"], environment)
    let message = "--precision bf16 needs processors with bf16 instructions (AVX-512 BF16 or AMX), and no rank has one"
    #expect(result.text.components(separatedBy: message).count == 2, "once: \(result.text)")
    #expect(!result.output.contains("precision  bf16"))
    _ = try train(Self.table, folder.file("32"), ranks: 2, ["--precision", "32"], environment)
    #expect(try RunResult(folder.file("bf16")).metrics() == RunResult(folder.file("32")).metrics())
  }

  /// Parameters are float32 either way: a run resumes in the other precision, and says so.
  @Test(bfloat16IsThere) func goesOnInTheOtherPrecision() throws {
    let folder = try TemporaryFolder()
    _ = try train(Self.table, folder.file("run"), ["--precision", "bf16", "--max-steps", "3"])
    let result = try train(Self.table, folder.file("run"), ["--precision", "32", "--max-steps", "6"])
    #expect(result.text.contains("--precision 32 instead of bf16: the parameters are float32 as before"))
    #expect(try RunResult(folder.file("run")).losses.count == 6)
  }
}

/// oneDNN has bf16 kernels on this processor, with emulated instructions at least.
private let bfloat16IsThere: ConditionTrait = {
  let lines = String(decoding: FileManager.default.contents(atPath: "/proc/cpuinfo") ?? Data(), as: UTF8.self)
  let flags = Set(lines.split(separator: "\n").first { $0.hasPrefix("flags") }?.split(separator: " ") ?? [])
  return .enabled(
    if: flags.isSuperset(of: ["avx512f", "avx512bw", "avx512vl", "avx512dq"]),
    "oneDNN has no bf16 for processors without AVX-512")
}()
