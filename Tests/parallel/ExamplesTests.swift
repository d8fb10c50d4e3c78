import Files
import TestSupport
import Testing

/// The programs of Sources/Program/Examples on real ranks.
@Suite struct ExamplesTests {
  /// The last line of what an example prints on 2 ranks.
  private func lastLine(_ program: String, _ arguments: [String] = []) throws -> String {
    let result = try Launch.run(program, arguments, ranks: 2)
    try #require(result.code == 0, "\(result.text)")
    return String(result.output.split(separator: "\n").last ?? "")
  }

  /// A network and a layer that bt-dist does not have: they train, resume, and keep to the same bits.
  @Test func anEncoderOfOnesOwnTrains() throws {
    let folder = try TemporaryFolder()
    var outputs: [String] = []
    for (ranks, run) in [(nil, "alone"), (2, "two"), (4, "four")] {
      let result = try Launch.run("custom-encoder", [folder.file(run)], ranks: ranks)
      try #require(result.code == 0, "\(result.text)")
      outputs.append(String(result.output.split(separator: "\n").last ?? ""))
      let losses = try RunResult(folder.file(run)).losses
      #expect(losses.count == 50 && losses[49] < 0.7 * losses[0])
    }
    #expect(outputs[0].hasPrefix("640 × 16 features of 4 classes") && Set(outputs).count == 1)
    let digests = try ["alone", "two", "four"].map { try RunResult(folder.file($0)).digests(50) }
    #expect(Set(digests).count == 1)
    let again = try Launch.run("custom-encoder", [folder.file("two")], ranks: 1)
    #expect(again.code == 0 && again.output.contains(outputs[0]) && again.output.contains("resumed"))
  }

  /// Rank 0's callback ends the run for both, at the end of an epoch of 10 steps.
  @Test func aCallbackEndsTheRunWhenTheLossIsLowEnough() throws {
    let end = try lastLine("custom-callback", ["50"])
    let match = try #require(end.wholeMatch(of: #/after step (\d+): stopped\("the loss is (\d+)% .*"\)/#), "\(end)")
    let (step, percent) = (try #require(Int(match.1)), try #require(Int(match.2)))
    #expect(step % 10 == 0 && step < 1000 && percent >= 50)
  }

  @Test func volumesBecomeFeatures() throws {
    #expect(try lastLine("volumes").hasPrefix("64 × 32 features; "))
  }

  @Test func featuresOfASavedModelSeparateClasses() throws {
    let folder = try TemporaryFolder()
    let array = folder.file("features.npy")
    let end = try lastLine("features", [folder.file("model.safetensors"), array])
    let match = try #require(end.wholeMatch(of: #/(.*): 100 × 16; (.*) nearest to their class/#), "\(end)")
    let share = try #require(Double(match.2))
    #expect(match.1 == array && share > 0.9)
    #expect(try NpyFile(path: array).shape == [100, 16])
  }
}
