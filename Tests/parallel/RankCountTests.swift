import Foundation
import TestSupport
import Testing

/// One run on several numbers of ranks: the same to rounding by default, and the same bits with equal shards.
@Suite struct RankCountTests {
  /// A small ResNet with augmentation, shuffling and the default optimizer and schedule, over an epoch's end.
  private static let network = ["--encoder", "resnet18", "--width", "16"]
  private static let projector = ["--proj-hidden-dim", "32", "--proj-output-dim", "48"]

  private func train(
    _ options: [String], _ encoder: [String] = network, out: String, ranks: Int
  ) throws -> RunResult {
    let result = try Launch.run(
      "bt-dist", ["train", "--out", out] + options + encoder + Self.projector, ranks: ranks)
    try #require(result.code == 0, "\(result.text)")
    return RunResult(out)
  }

  /// Five steps at the start of a long warm-up, as in the quickstart. (At the full rate rounding grows: a ReLU whose
  /// input is nearly zero opens on one side only, which changes a small batch's gradient by up to 1e-3, also between two
  /// convolution algorithms on one rank.)
  private func compareRanks(_ data: [String]) throws {
    let folder = try TemporaryFolder()
    let options =
      data + ["--max-steps", "5", "--max-epochs", "20", "--warmup-epochs", "10", "--autotune", "off"]
    let one = try train(options, out: folder.file("1"), ranks: 1)
    let (losses, norms) = (try one.losses, try one.values("grad_norm"))
    try #require(losses.count == 5)
    for ranks in [2, 4] {
      let many = try train(options, out: folder.file("\(ranks)"), ranks: ranks)
      for (step, (loss, expected)) in zip(try many.losses, losses).enumerated() {
        #expect(abs(loss / expected - 1) < 1e-5, "step \(step + 1), \(ranks) ranks: \(loss) instead of \(expected)")
      }
      for (norm, expected) in zip(try many.values("grad_norm"), norms) {
        #expect(abs(norm / expected - 1) < 1e-2, "\(ranks) ranks: \(norm) instead of \(expected)")
      }
      #expect(many.lines.count == 5)
    }
    // Steps that do not depend on the data would also be equal.
    #expect(Set(losses).count == 5)
  }

  @Test func lossesAreTheSameToRounding() throws {
    try compareRanks(["--data", "synthetic:3x12x12,n=1600", "--batch-size", "16"])
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/share/datasets/fashion-mnist")))
  func lossesOnFashionMNISTAreTheSameToRounding() throws {
    try compareRanks(["--data", "fashion-mnist", "--batch-size", "32"])
  }

  @Test(arguments: ["auto", "direct", "winograd"])
  func bitsAreTheSameWithEqualShards(convolution: String) throws {
    let folder = try TemporaryFolder()
    let options = [
      "--data", "synthetic:3x12x12,n=72", "--batch-size", "32", "--shards", "4", "--convolution", convolution,
      "--max-epochs", "3", "--warmup-epochs", "1",
    ]
    let runs = try [1, 2, 4].map { try train(options, out: folder.file("\($0)"), ranks: $0) }
    let (metrics, digests) = (try runs[0].metrics(), try runs[0].digests(6))
    try #require(metrics.count == 6)
    for run in runs.dropFirst() {
      #expect(try run.metrics() == metrics)
      #expect(try run.digests(6) == digests)
    }
    guard convolution == "auto" else { return }
    let other = try train(options + ["--random-state", "1"], out: folder.file("other"), ranks: 1)
    #expect(try other.metrics() != metrics)
    #expect(try other.digests(6) != digests)
  }

  @Test(arguments: [
    ["--encoder", "resnet3d-18", "--width", "8"], ["--encoder", "alexnet3d"],
    ["--encoder", "resnet3d-18-trunc", "--encoder-kwargs", "{depth: 2, initial_kernel_size: 3}", "--width", "8"],
    [
      "--encoder", "densenet3d-121", "--encoder-kwargs",
      "{growth_rate: 6, block_config: [2, 1, 1, 2], num_init_features: 8}",
    ],
  ])
  func volumesGiveTheSameBits(encoder: [String]) throws {
    let folder = try TemporaryFolder()
    let options = [
      "--data", "synthetic:1x35x33x34,n=16", "--augment", "noise=0.1", "--batch-size", "8", "--shards", "4",
      "--lr-scheduler", "none", "--max-steps", "3",
    ]
    let runs = try [1, 2, 4].map { try train(options, encoder, out: folder.file("\($0)"), ranks: $0) }
    let (metrics, digests) = (try runs[0].metrics(), try runs[0].digests(3))
    try #require(try metrics.count == 3 && Set(runs[0].losses).count == 3)
    for run in runs.dropFirst() {
      #expect(try run.metrics() == metrics)
      #expect(try run.digests(3) == digests)
    }
  }
}
