import CommandLine
import Configuration
import Diagnostics
import Foundation
import Optimization
import TestSupport
import Testing

@Suite(.commandLine) struct TrainCommandTests {
  @Test func defaultsAreThoseOfTheConfiguration() throws {
    let command = try parseTrain(["--out", "runs/a"])
    var expected = TrainingConfiguration()
    expected.out = "runs/a"
    expected.maxEpochs = 1000
    #expect(command.options == expected)
    #expect(command.origin(of: "out") == .commandLine)
    #expect(command.origin(of: "width") == .default)
  }

  @Test func bothSpellingsAndBothFormsOfAValue() throws {
    let command = try parseTrain([
      "--out=runs/a=b", "--proj_hidden_dim", "64", "--proj-output-dim=32", "--mlp-hidden", "8, 4", "--min-lr", "0",
      "--optimizer-kwargs", #"{"betas":[0.8,0.9],eps:1e-7}"#, "--random-state", "18446744073709551615",
      "--resume", "runs/b/checkpoints/step-00000500", "--max-steps", "none",
    ])
    #expect(command.options.out == "runs/a=b")
    #expect(command.options.projHiddenDim == 64 && command.options.projOutputDim == 32)
    #expect(command.options.mlpHidden == [8, 4])
    #expect(command.options.optimizerKwargs == ["betas": .list([0.8, 0.9]), "eps": .number(1e-7)])
    #expect(command.options.randomState == .max)
    #expect(command.options.resume == .path("runs/b/checkpoints/step-00000500"))
    #expect(command.options.maxSteps == nil && command.options.maxEpochs == 1000)
  }

  /// Files of older versions have options that are gone, without a value.
  @Test func retiredOptionsMayStandInAFile() throws {
    let old = try parseTrain(["--config", "run.json5", "--out", "a"], file: #"{"replay": null, width: 8}"#)
    #expect(old.options.width == 8)
    #expect(throws: Failure.self) { try parseTrain(["--config", "run.json5"], file: #"{"replay": "a.json"}"#) }
  }

  @Test(arguments: [
    (["--shuffle"], true), (["--shuffle", "false"], false), (["--shuffle=false"], false),
    (["--shuffle", "false", "--shuffle"], true), (["--shuffle", "--width", "8"], true),
  ])
  func booleans(arguments: [String], expected: Bool) throws {
    #expect(try parseTrain(arguments + ["--out", "a"]).options.shuffle == expected)
  }

  @Test func laterWins() throws {
    let file = """
      // a comment
      { width: 8, proj_hidden_dim: 16,
        'batch-size': 32, /* as in nidl */
        "max-epochs": null, shards: "auto", }
      """
    let command = try parseTrain(
      ["--width", "1", "--config", "run.json5", "--width", "2", "--out", "a", "--batch-size", "64", "--width", "3"],
      file: file)
    #expect(command.options.width == 3)
    #expect(command.options.batchSize == 64)
    #expect(command.options.projHiddenDim == 16)
    #expect(command.options.projOutputDim == 2048)
    #expect(command.origin(of: "width") == .commandLine)
    #expect(command.origin(of: "proj-hidden-dim") == .file(path: "run.json5", line: 2))
    #expect(command.origin(of: "lambd") == .default)
  }

  @Test func printedConfigurationCanBeFedBack() throws {
    let kwargs = #"{"momentum": 0.9, "nesterov": true}"#
    let arguments = [
      "--out", "a // \"b\"", "--config", "run.json5", "--print-config", "--optimizer", "sgd", "--optimizer-kwargs",
      kwargs,
    ]
    guard case .printConfiguration(let text) = try act(arguments, file: "{\nwidth: 8}") else {
      Issue.record("no configuration")
      return
    }
    #expect(text.contains(#""width": 8,"#) && text.contains("// run.json5\n"))
    #expect(text.contains("// command line\n") && text.contains("// default\n"))
    let again = try parseTrain(["--config", "run.json5"], file: text)
    let direct = try parseTrain(arguments.filter { $0 != "--print-config" }, file: "{\nwidth: 8}")
    #expect(again.options == direct.options)
    #expect(again.origins.count == TrainingConfiguration.command.options.count)
  }

  @Test func incompleteConfigurationsCanBePrinted() throws {
    guard case .printConfiguration = try act(["--print-config"]) else {
      Issue.record("no configuration")
      return
    }
  }

  @Test(arguments: [["--help"], ["--wrong", "--help"], ["--batch-size", "-h"]])
  func helpNamesEveryOption(arguments: [String]) throws {
    guard case .help(let text) = try act(arguments) else {
      Issue.record("no help")
      return
    }
    for option in TrainingConfiguration.command.options { #expect(text.contains("\n  --\(option.name) ")) }
    for word in ["Usage:", "Examples:", "Exit codes:", "--config FILE", "--print-config", "(default: 0.005)", "75"] {
      #expect(text.contains(word))
    }
    let options = text.drop { $0 != "D" }.split(separator: "\n")
    #expect(options.allSatisfy { $0.count <= 100 || $0.contains("bt-dist train") })
  }

  @Test func examplesOfTheHelpAreRight() throws {
    let calls = TrainingConfiguration.command.examples.flatMap { $0.call.split(separator: ";") }
    #expect(calls.count == 4)
    for call in calls {
      let words = call.prefix { $0 != ">" }.split(separator: " ").map(String.init)
      let start = try #require(words.firstIndex(of: "train"))
      _ = try act(Array(words[(start + 1)...]))
    }
  }

  @Test func configurationFilesAreReadFromDisk() throws {
    let failure = #expect(throws: Failure.self) {
      try TrainingConfiguration.command.parse(["--config", "/nowhere/run.json5"])
    }
    #expect(failure?.kind == .usage && failure?.location == "/nowhere/run.json5")
    #expect(failure?.found == "No such file or directory")
    let directory = #expect(throws: Failure.self) { try TrainingConfiguration.command.parse(["--config", "/tmp"]) }
    #expect(directory?.found == "Is a directory")
  }
}

func act(_ arguments: [String], file: String = "{}") throws(Failure) -> CommandAction<TrainingConfiguration> {
  try TrainingConfiguration.command.parse(arguments) { (_) throws(Failure) in Data(file.utf8) }
}

/// The parsed command, for arguments that ask for a run.
func parseTrain(_ arguments: [String], file: String = "{}") throws -> ParsedCommand<TrainingConfiguration> {
  guard case .run(let command) = try act(arguments, file: file) else {
    throw Failure(.defect, "the arguments do not ask for a run")
  }
  return command
}
