import Benchmarking
import Configuration
import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite(.commandLine) struct BenchCommandTests {
  private func parse(_ arguments: [String]) throws -> BenchConfiguration {
    guard case .run(let command) = try BenchConfiguration.command.parse(arguments) else {
      throw Failure(.defect, "no run")
    }
    return command.options
  }

  private func failure(_ arguments: [String]) -> Failure? {
    #expect(throws: Failure.self) { try parse(arguments) }
  }

  @Test func defaults() throws {
    let options = try parse([])
    #expect(options.steps == 5 && options.training.data == "synthetic" && options.training.augment == "none")
    #expect(options.training.maxEpochs == 1000 && options.training.batchSize == TrainingConfiguration().batchSize)
    #expect(options.against == nil && options.loss == nil && !options.kernels && options.json == nil)
  }

  /// A run's `config.json` is a file for `bench` as it is.
  @Test func everyTrainingOptionIsOne() throws {
    let folder = try TemporaryFolder()
    var training = TrainingConfiguration()
    (training.width, training.out, training.maxSteps) = (32, "runs/a", 7)
    let file = try folder.write("config.json", training.json)
    let options = try parse(["--config", file, "--lambd", "0.1", "--steps", "2"])
    training.lambd = 0.1
    #expect(options.training == training && options.steps == 2)
    for option in TrainingConfiguration.command.options {
      let own = BenchConfiguration.command.option(option.name)
      #expect(own?.placeholder == option.placeholder && own?.synonyms == option.synonyms, "\(option.name)")
    }
  }

  @Test func theOpponentDiffersInTheFilesOptions() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("b.json5", "{convolution: 'direct', batch_size: 64}")
    let options = try parse(["--width", "8", "--against", file])
    var expected = options.training
    (expected.convolution, expected.batchSize) = (.direct, 64)
    #expect(try options.opponent() == expected)
    #expect(try parse([]).opponent() == nil)
    let wrong = try parse(["--against", try folder.write("c.json5", "{widht: 8}")])
    let failure = #expect(throws: Failure.self) { try wrong.opponent() }
    #expect(failure?.message == "unknown key 'widht'" && failure?.remedy == "did you mean width?")
    let values = try parse(["--against", try folder.write("d.json5", "{encoder: 'layers'}")])
    let second = #expect(throws: Failure.self) { try values.opponent() }
    #expect(second?.message == "the encoder has no layers" && second?.location?.contains("d.json5") == true)
    let missing = try parse(["--against", folder.file("none.json5")])
    #expect(throws: Failure.self) { try missing.opponent() }
  }

  @Test func oneMeasurementAtATime() throws {
    #expect(try parse(["--loss", "256,2048"]).loss == [256, 2048])
    #expect(failure(["--loss", "256"])?.expected == "two numbers: samples B, features D")
    #expect(failure(["--loss", "256,x"])?.location == "--loss")
    #expect(failure(["--loss", "256,1"])?.location == "--loss")
    #expect(failure(["--loss", "8,8", "--kernels"])?.found == "--loss and --kernels")
    #expect(failure(["--kernels", "--layer-times"])?.found == "--kernels and --layer-times")
    #expect(failure(["--loss", "8,8", "--against", "b"])?.found == "--loss and --against")
    #expect(failure(["--steps", "0"])?.location == "--steps")
    #expect(failure(["--encoder", "layers"])?.message == "the encoder has no layers")
  }

  @Test func helpFitsIntoTheTerminal() {
    let help = BenchConfiguration.command.helpText()
    let lines = help.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 100 || $0.contains("bt-dist bench") })
    for name in ["--against", "--layer-times", "--loss", "--kernels", "--json", "--batch-size", "--convolution"] {
      #expect(help.contains("  \(name) "))
    }
    #expect(help.contains("(default: synthetic)"))
  }
}
