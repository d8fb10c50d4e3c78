import Foundation
import TestSupport
import Testing

/// `--recompute true`: less memory, the same bits.
@Suite struct RecomputeTests {
  /// Blocks of every kind, with all that a second pass could do differently: dropout, norms, a projection.
  private static let described = """
    [{convolution: 16, kernel_size: 3, padding: "same", bias: false}, "batch_norm", "relu",
     {residual: [{convolution: 16, kernel_size: 3, padding: 1}, "batch_norm", "relu", {dropout: 0.2},
                 {convolution: 16, kernel_size: 3, padding: 1}, "batch_norm"]}, "relu",
     {residual: ["relu", {residual: [{convolution: 16, kernel_size: 1}, "batch_norm"]},
                 {convolution: 32, kernel_size: 3, stride: 2, padding: 1}],
      shortcut: [{convolution: 32, kernel_size: 1, stride: 2}]},
     {concatenate: ["batch_norm", "relu", {convolution: 16, kernel_size: 1}, {dropout: 0.1}]},
     {concatenate: ["batch_norm", "relu", {convolution: 8, kernel_size: 3, padding: 1}]},
     "batch_norm", "relu", {max_pool: 2}, "flatten", {linear: 12}]
    """

  private func train(_ out: String, ranks: Int, _ options: [String]) throws -> (RunResult, text: String) {
    let common = [
      "train", "--out", out, "--batch-size", "16", "--shards", "4", "--proj-hidden-dim", "24", "--proj-output-dim",
      "32", "--max-steps", "3", "--warmup-epochs", "0",
    ]
    let run = try Launch.run("bt-dist", common + options, ranks: ranks)
    try #require(run.code == 0, "\(run.text)")
    return (RunResult(out), run.text)
  }

  @Test(arguments: [
    ["--data", "synthetic:3x12x12,n=64", "--encoder", "layers", "--layers", described],
    ["--data", "synthetic:3x16x16,n=64", "--encoder", "resnet18", "--stem", "small", "--width", "16"],
    ["--data", "synthetic:1x16x16x16,n=64", "--encoder", "resnet3d-50", "--width", "16", "--augment", "noise=0.1"],
  ])
  func theBitsAreTheSame(_ options: [String]) throws {
    let folder = try TemporaryFolder()
    let (kept, _) = try train(folder.file("kept"), ranks: 1, options)
    for ranks in [1, 2] {
      let (run, _) = try train(folder.file("\(ranks)"), ranks: ranks, options + ["--recompute", "true"])
      #expect(try run.metrics() == kept.metrics(), "\(ranks) ranks")
      #expect(try run.digests(3) == kept.digests(3), "\(ranks) ranks")
    }
  }

  @Test func memoryIsSaved() throws {
    let folder = try TemporaryFolder()
    let options = [
      "--data", "synthetic:3x32x32,n=256", "--encoder", "resnet34", "--stem", "small", "--batch-size", "256",
      "--autotune", "off",
    ]
    func activations(_ name: String, _ more: [String]) throws -> Double {
      let text = try train(folder.file(name), ranks: 1, options + more + ["--max-steps", "0"]).text
      let line = try #require(text.split(separator: "\n").first { $0.contains("activations and their gradients") })
      let words = line.split(separator: " ")
      return try #require(words.dropLast().last.flatMap { Double($0) }) * (words.last == "GiB" ? 1024 : 1)
    }
    let (kept, recomputed) = (try activations("kept", []), try activations("recomputed", ["--recompute", "true"]))
    #expect(recomputed < 0.7 * kept)
  }
}
