import Foundation
import TestSupport
import Testing

/// Eight shards on 1, 2, 4 and 8 ranks, with augmentation and shuffling: the same bits, also over a kill.
@Suite struct BitIdentityTests {
  struct Recipe: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let options: [String]
  }

  static let recipes = [
    Recipe(
      testDescription: "mlp on a table, with a number drawn for each value",
      options: [
        "--data", "synthetic:19,n=100", "--augment", "noise=0.2", "--encoder", "mlp", "--mlp-hidden", "24,12",
        "--loss-form", "primal",
      ]),
    Recipe(
      testDescription: "resnet18 on images, with crops, flips, brightness, contrast and blur",
      options: ["--data", "synthetic:3x12x12,n=72", "--augment", "small-images", "--width", "16"]),
  ]

  private func train(_ recipe: Recipe, _ out: String, ranks: Int, _ options: [String] = []) throws -> RunResult {
    let result = try launch(recipe, out, ranks: ranks, options).finish()
    try #require(result.code == 0, "\(result.text)")
    let promise = options.contains("mpi") ? "equal to rounding" : "same bits on every power of two of ranks up to 8"
    #expect(result.output.contains(promise), "\(result.text)")
    return RunResult(out)
  }

  private func launch(_ recipe: Recipe, _ out: String, ranks: Int, _ options: [String]) throws -> Launch {
    // The end of an epoch falls into the 20 steps, and with it another order of the samples.
    let common = [
      "--batch-size", "32", "--shards", "8", "--proj-hidden-dim", "32", "--proj-output-dim", "48", "--max-epochs", "20",
      "--warmup-epochs", "2", "--max-steps", "20", "--checkpoint-every-n-steps", "10", "--keep-checkpoints", "100",
    ]
    return try Launch(
      "bt-dist", ["train", "--out", out] + recipe.options + common + options, ranks: ranks,
      environment: ["OMPI_MCA_coll_libnbc_iallreduce_algorithm": "ring"])
  }

  @Test(arguments: recipes)
  func checkpointsDoNotDependOnTheRanks(_ recipe: Recipe) throws {
    let folder = try TemporaryFolder()
    let one = try train(recipe, folder.file("1"), ranks: 1)
    let (metrics, digests) = (try one.metrics(), try one.digests(20))
    try #require(metrics.count == 20)
    for ranks in [2, 4, 8] {
      let run = try train(recipe, folder.file("\(ranks)"), ranks: ranks)
      #expect(try run.metrics() == metrics, "\(ranks) ranks")
      #expect(try run.digests(20) == digests, "\(ranks) ranks")
    }

    // Killed on 4 ranks after the checkpoint of step 10, and resumed on 2 ranks.
    let killed = RunResult(folder.file("killed"))
    let launch = try launch(recipe, killed.path, ranks: 4, ["--max-steps", "100000", "--max-epochs", "20"])
    #expect(launch.wait { killed.checkpoints.contains(10) })
    try launch.send(signal: SIGKILL, toRank: 3)
    #expect(try launch.finish().code != 0)
    _ = try train(recipe, killed.path, ranks: 2, ["--resume", killed.checkpoint(10)])
    #expect(try killed.metrics() == metrics)
    #expect(try killed.digests(20) == digests)
  }

  /// Stopped on 4 ranks, and resumed to the same bits on 8, 1 and 2.
  @Test func aRunGoesOnOnAnyNumberOfRanks() throws {
    let folder = try TemporaryFolder()
    let recipe = Self.recipes[0]
    let whole = try train(recipe, folder.file("whole"), ranks: 1)
    for (ranks, steps) in [(4, 5), (8, 11), (1, 14), (2, 20)] {
      _ = try train(recipe, folder.file("parts"), ranks: ranks, ["--max-steps", "\(steps)"])
    }
    let parts = RunResult(folder.file("parts"))
    #expect(try parts.metrics() == whole.metrics())
    #expect(try parts.digests(20) == whole.digests(20))
  }

  /// What the tree is for: with MPI's own order the same test fails. (MPI chooses its order; the ring is one that it uses,
  /// and which differs. Some of its others happen to be the tree's.)
  @Test(arguments: recipes)
  func withoutTheTreeTheBitsDiffer(_ recipe: Recipe) throws {
    let folder = try TemporaryFolder()
    let runs = try [1, 4].map { try train(recipe, folder.file("\($0)"), ranks: $0, ["--reduction", "mpi"]) }
    #expect(try runs[0].metrics() != runs[1].metrics())
    #expect(try runs[0].digests(20) != runs[1].digests(20))
    // Still equal to rounding.
    for (a, b) in zip(try runs[0].losses, try runs[1].losses).prefix(3) { #expect(abs(a / b - 1) < 1e-5) }
  }
}
