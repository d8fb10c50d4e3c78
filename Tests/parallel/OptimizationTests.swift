import TestSupport
import Testing

/// What the optimization options do to a run's parameters and metrics, on two ranks with other samples each.
@Suite struct OptimizationTests {
  /// Two steps of plain descent at a constant rate, and how far the second moved each tensor, over the rate.
  private func moves(_ options: [String]) throws -> (
    run: RunResult, gradients: [String: [Float]], folder: TemporaryFolder
  ) {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let result = try Launch.run(
      "bt-dist",
      [
        "train", "--data", "synthetic:12,n=40", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
        "--proj-hidden-dim", "16", "--proj-output-dim", "24", "--batch-size", "16", "--max-steps", "2", "--optimizer",
        "sgd", "--lr-scheduler", "none", "--weight-decay", "0", "--checkpoint-every-n-steps", "1", "--out", run.path,
      ] + options, ranks: 2)
    try #require(result.code == 0, "\(result.text)")
    let (before, after) = (try run.model(1), try run.model(2))
    let names = after.names.filter { $0.hasSuffix("weight") || $0.hasSuffix("bias") }
    let rate = Float(try #require(try run.values("lr").last))
    let gradients = try names.map { name in
      try (name, zip(before.floats(of: name), after.floats(of: name)).map { ($0 - $1) / rate })
    }
    return (run, Dictionary(uniqueKeysWithValues: gradients), folder)
  }

  private func norm(_ gradients: [String: [Float]]) -> Double {
    gradients.values.joined().reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  @Test func theNormIsMeasuredBeforeItIsClipped() throws {
    let plain = try moves(["--learning-rate", "0.01"])
    let recorded = try #require(try plain.run.values("grad_norm").last)
    #expect(abs(norm(plain.gradients) / recorded - 1) < 1e-3)
    let clipped = try moves(["--learning-rate", "0.01", "--gradient-clip-val", "0.5"])
    #expect(try clipped.run.values("grad_norm").allSatisfy { $0 > 1 })
    #expect(abs(norm(clipped.gradients) / 0.5 - 1) < 1e-3)
    #expect(try clipped.run.values("grad_norm").first == plain.run.values("grad_norm").first)
  }

  @Test func elementsAreCutOff() throws {
    let (_, gradients, _) = try moves([
      "--learning-rate", "1", "--gradient-clip-val", "0.01", "--gradient-clip-algorithm", "value",
    ])
    let largest = gradients.values.joined().map { abs($0) }.max() ?? 0
    #expect(abs(largest / 0.01 - 1) < 1e-4)
    // Many are at the bound, which clipping by norm would leave to one.
    #expect(gradients.values.joined().count { abs(abs($0) / 0.01 - 1) < 1e-4 } > 20)
  }

  @Test func biasesAndNormsHaveTheirOwnRate() throws {
    let options = ["--learning-rate", "0.001", "--scale-learning-rate", "linear", "--batch-size", "8"]
    let same = try moves(options)
    #expect(try same.run.values("lr") == [0.001 / 32, 0.001 / 32])
    let still = try moves(options + ["--learning-rate-biases", "0"])
    let run = still.run
    #expect(try run.values("lr") == same.run.values("lr"))
    for (name, gradient) in still.gradients {
      let isWeight = try run.model(2).shape(of: name).count > 1
      #expect(gradient.contains { $0 != 0 } == isWeight, "\(name)")
    }
  }
}
