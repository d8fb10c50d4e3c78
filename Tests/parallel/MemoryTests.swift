import Foundation
import TestSupport
import Testing

/// The memory that a run predicts, and what its ranks then have.
@Suite struct MemoryTests {
  /// - Parameter autotune: measuring kernels takes time, and memory only for a moment.
  private func train(
    _ options: [String], ranks: Int?, environment: [String: String] = [:], autotune: Bool = false
  ) throws -> (output: String, errors: String, launches: String) {
    let folder = try TemporaryFolder()
    let result = try Launch.run(
      "bt-dist",
      ["train", "--data", "synthetic:3x32x32,n=64", "--batch-size", "32", "--max-steps", "2", "--out", folder.path]
        + options + ["--autotune", autotune ? "on" : "off"], ranks: ranks, environment: environment)
    try #require(result.code == 0, "\(result.text)")
    return (result.output, result.errors, folder.text("launches.jsonl"))
  }

  /// Bytes after a word of the line that gives them.
  private func bytes(behind word: String, _ text: String) throws -> Double {
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("memory of a rank:") }, "\(text)")
    let words = line.split { " ,".contains($0) }
    let index = try #require(words.firstIndex { $0 == word })
    let scales: [Substring: Double] = ["MiB": 0x1p20, "GiB": 0x1p30]
    return try #require(Double(words[index + 1])) * #require(scales[words[index + 2]])
  }

  @Test(arguments: [nil, 2]) func thePredictionIsNearThePeak(ranks: Int?) throws {
    for encoder in [["--encoder", "mlp"], ["--encoder", "resnet18", "--width", "32", "--proj-output-dim", "512"]] {
      let result = try train(encoder, ranks: ranks, autotune: ranks == nil && encoder.contains("resnet18"))
      let predicted = try bytes(behind: "predicted", result.output)
      let peak = try bytes(behind: "peak", result.output)
      #expect(abs(predicted / peak - 1) < 0.25, "\(result.output)")
      // In launches.jsonl to the byte.
      let launch = try JSONSerialization.jsonObject(with: Data(result.launches.split(separator: "\n").last!.utf8))
      let recorded = try #require((launch as? [String: Any])?["predicted_memory_bytes"] as? Double)
      #expect(abs(recorded / predicted - 1) < 0.01)
    }
  }

  @Test func theTableStandsBeforeTheFirstStep() throws {
    let output = try train(["--width", "16"], ranks: 2).output
    let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
    let names = [
      "network", "  encoder.layer1.0  ", "  projection_head.layers.6", "  total", "memory", "  2 ranks on", "step 1",
    ]
    let places = try names.map { name in try #require(lines.firstIndex { $0.hasPrefix(name) }, "\(name): \(output)") }
    #expect(places == places.sorted())
    #expect(lines[places[0]..<places[5]].allSatisfy { $0.count <= 100 })
    let without = try train(["--width", "16", "--enable-model-summary", "false"], ranks: 2).output
    #expect(!without.contains("encoder.layer1.0") && !without.contains("\nmemory     "))
  }

  @Test func tooLittleMemoryIsWarnedOfAndNoError() throws {
    let result = try train(["--width", "16"], ranks: 2, environment: ["SLURM_MEM_PER_NODE": "100"])
    let errors = result.errors
    #expect(errors.contains("warning: the memory of ") && errors.contains("2 ranks need about "), "\(errors)")
    #expect(errors.contains("and there are 100 MiB (Slurm's limit)") && result.output.contains("finished at step 2"))
  }
}
