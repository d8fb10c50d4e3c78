import Foundation
import TestSupport
import Testing

/// `--encoder layers` from the command line to the checkpoint.
@Suite struct DescribedEncoderRunTests {
  /// Volumes, with everything whose numbers could depend on the ranks: dropout, groups, residuals, norms.
  private static let file = """
    {
      data: "synthetic:2x6x5x7,n=40", augment: "noise=0.1", encoder: "layers",
      layers: [
        {convolution: 16, kernel_size: 3, padding: "same", bias: false}, "batch_norm", "relu",
        {residual: [{convolution: 16, kernel_size: [1, 3, 3], padding: [0, 1, 1], groups: 4}, "batch_norm", "relu",
                    {dropout: 0.2}, {convolution: 16, kernel_size: 3, padding: 2, dilation: 2}, "batch_norm"]}, "relu",
        {residual: ["relu", {convolution: 24, kernel_size: 3, stride: 2, padding: 1}],
         shortcut: [{convolution: 24, kernel_size: 1, stride: 2}]},
        {concatenate: ["batch_norm", "relu", {convolution: 8, kernel_size: 1}]},
        {max_pool: 2}, "flatten", {linear: 12}, "relu", {dropout: 0.1}, {linear: 10},
      ],
      batch_size: 16, shards: 4, proj_hidden_dim: 24, proj_output_dim: 32, max_epochs: 3, warmup_epochs: 1,
      checkpoint_every_n_steps: 3, keep_checkpoints: 10,
    }
    """

  @Test func volumesTrainToTheSameBits() throws {
    let folder = try TemporaryFolder()
    try Data(Self.file.utf8).write(to: URL(fileURLWithPath: folder.file("run.json5")))
    func train(_ name: String, ranks: Int, _ options: [String] = []) throws -> RunResult {
      let out = folder.file(name)
      let run = try Launch.run(
        "bt-dist", ["train", "--config", folder.file("run.json5"), "--out", out] + options, ranks: ranks)
      try #require(run.code == 0, "\(run.text)")
      return RunResult(out)
    }
    let one = try train("1", ranks: 1)
    let (metrics, digests) = (try one.metrics(), try one.digests(6))
    let losses = try one.losses
    #expect(metrics.count == 6 && losses.allSatisfy { $0.isFinite && $0 > 0 })
    for ranks in [2, 4] {
      let run = try train("\(ranks)", ranks: ranks)
      #expect(try run.metrics() == metrics, "\(ranks) ranks")
      #expect(try run.digests(6) == digests, "\(ranks) ranks")
    }
    // And over a stop; the configuration that is resumed is the run's own.
    _ = try train("parts", ranks: 4, ["--max-steps", "3"])
    let parts = RunResult(folder.file("parts"))
    let resumed = try Launch.run(
      "bt-dist", ["train", "--config", parts.path + "/config.json", "--max-steps", "6"], ranks: 2)
    try #require(resumed.code == 0, "\(resumed.text)")
    #expect(try parts.metrics() == metrics)
    #expect(try parts.digests(6) == digests)
  }

  @Test func layersThatDoNotFitEndTheJobWithOneMessage() throws {
    let folder = try TemporaryFolder()
    let options = [
      "train", "--out", folder.file("run"), "--data", "synthetic:1x8x8,n=32", "--max-steps", "1", "--batch-size", "16",
      "--encoder", "layers", "--layers",
    ]
    let lists: [(text: String, says: [String])] = [
      ("[{convolution: 4, kernel_size: 3}, {max_pool: 7}, 'flatten']", ["layers[1]", "at least 7×7", "6×6"]),
      ("[{convolution: 4, kernel_size: 3, strid: 2}, 'flatten']", ["--layers, layers[0]", "did you mean stride?"]),
    ]
    for (text, says) in lists {
      expectOneMessage(try Launch.run("bt-dist", options + [text], ranks: 2), 64, says: says, text)
    }
  }
}
