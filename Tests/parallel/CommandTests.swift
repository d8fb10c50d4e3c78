import Foundation
import TestSupport
import Testing

/// Help, configuration files and the commands that read a run.
@Suite struct CommandTests {
  static let commands: [(name: String, options: [String])] = [
    ("train", ["--data", "--encoder", "--lambd", "--batch-size", "--shards", "--resume", "--out", "--config"]),
    ("embed", ["--from", "--data", "--out", "--view", "--threads"]),
    ("eval", ["--from", "--train", "--test", "--k", "--threads"]),
    ("export", ["--from", "--step", "--out", "--full", "--overwrite"]),
    ("inspect", ["--statistics", "--verify", "--json"]),
    ("replay", ["--from", "--step", "--first-step", "--data", "--threads"]),
    ("doctor", ["--json", "--encoder", "--out", "--data"]),
    ("bench", ["--steps", "--against", "--layer-times", "--loss", "--kernels", "--json", "--encoder", "--batch-size"]),
  ]

  @Test(arguments: commands)
  func helpNamesTheOptions(_ command: (name: String, options: [String])) throws {
    let result = try Launch.run("bt-dist", [command.name, "--help"], ranks: nil)
    #expect(result.code == 0 && result.errors == "", "\(result.text)")
    for option in command.options { #expect(result.output.contains("  \(option) "), "no \(option): \(result.text)") }
    #expect(result.output.contains("Examples:") && result.output.contains("Exit codes:"))
  }

  @Test(arguments: [(["--help"], 0), ([], 64)] as [([String], Int32)])
  func overviewNamesTheCommands(_ arguments: [String], _ code: Int32) throws {
    let result = try Launch.run("bt-dist", arguments, ranks: nil)
    #expect(result.code == code)
    for (name, _) in Self.commands { #expect(result.text.contains(name), "\(result.text)") }
  }

  @Test func helpIsPrintedOnceUnderMpirun() throws {
    let result = try Launch.run("bt-dist", ["train", "--help"], ranks: 2)
    #expect(result.code == 0, "\(result.text)")
    #expect(result.output.components(separatedBy: "Usage:").count == 2, "\(result.text)")
  }

  /// What is printed is a file that means the same.
  @Test(arguments: [nil, 2] as [Int?])
  func printedConfigurationIsReadAgain(ranks: Int?) throws {
    let folder = try TemporaryFolder()
    let options = [
      "--lambd", "0.0123", "--mlp-hidden", "7,5", "--optimizer", "sgd", "--optimizer-kwargs", #"{"momentum": 0.9}"#,
      "--shuffle", "false", "--max-steps", "3", "--out", "runs/a \"quoted\" name", "--warmup-epochs", "0.25",
    ]
    let first = try Launch.run("bt-dist", ["train", "--print-config"] + options, ranks: ranks)
    try #require(first.code == 0, "\(first.text)")
    #expect(first.output.contains("command line") && first.output.contains("default"))
    let file = try folder.write("run.json5", first.output)
    let second = try Launch.run("bt-dist", ["train", "--print-config", "--config", file], ranks: ranks)
    try #require(second.code == 0, "\(second.text)")
    #expect(second.output.contains("run.json5"))
    // Without the comments, which say where a value comes from.
    func values(_ text: String) -> [String] {
      text.split(separator: "\n").filter { $0.contains("\":") }.map { line in
        String(line.components(separatedBy: ",  ")[0].components(separatedBy: ", //")[0])
      }
    }
    #expect(values(first.output) == values(second.output))
    #expect(values(first.output).contains { $0.contains("0.0123") })
    // The command line wins over the file.
    let third = try Launch.run(
      "bt-dist", ["train", "--config", file, "--lambd", "0.5", "--print-config"], ranks: ranks)
    let changed = zip(values(first.output), values(third.output)).filter { $0 != $1 }
    #expect(changed.count == 1 && changed[0].1.hasSuffix("0.5"), "\(changed)")
  }

  @Test func evaluationPrintsThreeAccuracies() throws {
    let folder = try TemporaryFolder()
    // Three clusters far apart: neighbours in raw values are right.
    func data(_ name: String, _ count: Int, seed: UInt64) throws -> String {
      var values = normalNumbers(count * 12, seed: seed)
      for i in 0..<count { for j in 0..<4 { values[i * 12 + (i % 3) * 4 + j] += 12 } }
      let images = try folder.npy(name + ".npy", [count, 12], values)
      return "npy:\(images),\(try folder.labels(name + "-labels.npy", count, classes: 3))"
    }
    let (train, test) = (try data("train", 90, seed: 1), try data("test", 40, seed: 2))
    let trained = try Launch.run(
      "bt-dist",
      [
        "train", "--data", train, "--augment", "noise=0.5", "--encoder", "mlp", "--mlp-hidden", "16,8",
        "--proj-hidden-dim", "16", "--proj-output-dim", "16", "--batch-size", "30", "--max-epochs", "3",
        "--warmup-epochs", "0", "--out", folder.file("run"),
      ], ranks: 2)
    try #require(trained.code == 0, "\(trained.text)")
    var outputs: Set<String> = []
    for ranks in [nil, 1, 2, 3] as [Int?] {
      let result = try Launch.run(
        "bt-dist", ["eval", "--from", folder.file("run"), "--train", train, "--test", test, "--k", "3"], ranks: ranks)
      try #require(result.code == 0, "\(result.text)")
      outputs.insert(result.output)
      let lines = result.output.split(separator: "\n").filter { $0.hasPrefix("  ") }
      try #require(lines.count == 3, "\(result.text)")
      let accuracies = lines.compactMap { Double($0.split(separator: " ")[0]) }
      #expect(accuracies.count == 3 && accuracies.allSatisfy { (0...1).contains($0) }, "\(result.text)")
      #expect(lines[0].contains("trained encoder, step 9") && lines[1].contains("untrained"))
      #expect(lines[2].contains("raw values (12 features)") && accuracies[2] == 1, "\(result.text)")
    }
    #expect(outputs.count == 1, "\(outputs)")
  }

  /// A run with the options of its own `config.json` is the same run.
  @Test func storedConfigurationStartsTheRunAgain() throws {
    let folder = try TemporaryFolder()
    let options = [
      "--data", "synthetic:12,n=64", "--augment", "noise=0.1", "--encoder", "mlp", "--mlp-hidden", "16,8",
      "--proj-hidden-dim", "16", "--proj-output-dim", "16", "--batch-size", "16", "--max-epochs", "2",
    ]
    let (a, b) = (RunResult(folder.file("a")), RunResult(folder.file("b")))
    let first = try Launch.run("bt-dist", ["train", "--out", a.path] + options, ranks: 2)
    try #require(first.code == 0, "\(first.text)")
    let second = try Launch.run("bt-dist", ["train", "--config", a.path + "/config.json", "--out", b.path], ranks: nil)
    try #require(second.code == 0, "\(second.text)")
    // Its shards are in the file: the same bits on one rank.
    #expect(try a.metrics() == b.metrics() && a.digests(8) == b.digests(8))
  }
}
