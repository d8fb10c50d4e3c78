import CommandLine
import Configuration
import Diagnostics
import Encoders
import Foundation
import JSON
import Optimization
import TestSupport
import Testing

/// Layers that a configuration describes: reading, errors, and the way back to JSON.
@Suite(.commandLine) struct LayerSpecificationTests {
  private func parse(_ text: String) throws -> [LayerSpecification] {
    try LayerSpecification.parse(JSONValue(json5: text))
  }

  private func failure(_ text: String) throws -> Failure? {
    let failure = #expect(throws: Failure.self) { try parse(text) }
    #expect(failure?.kind == .usage)
    return failure
  }

  /// Each layer once with its defaults and once with every key.
  private static let layers: [(text: String, layer: LayerSpecification)] = [
    ("{convolution: 8, kernel_size: 3}", .convolution(.init(8, kernelSize: 3))),
    (
      "{convolution: 8, kernel_size: [3, 1], stride: 2, padding: [1, 0], dilation: [2, 1], groups: 4, bias: false}",
      .convolution(
        .init(8, kernelSize: [3, 1], stride: 2, padding: [1, 0], dilation: [2, 1], groups: 4, bias: false))
    ),
    ("{convolution: 8, kernel_size: 3, padding: 'same'}", .convolution(.init(8, kernelSize: 3, padding: .same))),
    ("{convolution: 8, kernel_size: 3, padding: 'valid'}", .convolution(.init(8, kernelSize: 3, padding: 0))),
    ("'batch_norm'", .batchNorm), ("{batch_norm: true}", .batchNorm), ("'relu'", .relu), ("{relu: true}", .relu),
    ("{max_pool: 3}", .maxPool(.init(3))),
    ("{max_pool: [3, 2, 1], stride: 2, padding: 1}", .maxPool(.init([3, 2, 1], stride: 2, padding: 1))),
    ("{average_pool: 2, stride: [1, 2]}", .averagePool(.init(2, stride: [1, 2]))),
    ("{adaptive_average_pool: [2, 3]}", .adaptiveAveragePool(outputSize: [2, 3])),
    ("'global_average_pool'", .globalAveragePool), ("'global_max_pool'", .globalMaxPool), ("'flatten'", .flatten),
    ("{dropout: 0.25}", .dropout(0.25)), ("{dropout: 0}", .dropout(0)),
    ("{linear: 5}", .linear(outputs: 5)), ("{linear: 5, bias: false}", .linear(outputs: 5, bias: false)),
    ("{residual: ['relu', {linear: 4}]}", .residual(body: [.relu, .linear(outputs: 4)])),
    (
      "{residual: [{linear: 4}], shortcut: [{linear: 4}, 'batch_norm']}",
      .residual(body: [.linear(outputs: 4)], shortcut: [.linear(outputs: 4), .batchNorm])
    ),
    ("{concatenate: ['batch_norm', {linear: 4}]}", .concatenate([.batchNorm, .linear(outputs: 4)])),
    ("{repeat: 3, layers: [{linear: 4}, 'relu']}", .repeated(3, [.linear(outputs: 4), .relu])),
  ]

  @Test func everyLayerIsReadAndWritten() throws {
    for (text, layer) in Self.layers {
      #expect(try parse("[\(text)]") == [layer], "\(text)")
      let json = LayerSpecification.json([layer])
      #expect(try LayerSpecification.parse(json) == [layer], "\(json)")
      #expect(try parse(json.description) == [layer], "\(json)")
    }
    let all = Self.layers.map(\.layer)
    #expect(try parse("[\(Self.layers.map(\.text).joined(separator: ", "))]") == all)
    // The vocabulary is all here.
    let names = Set(all.map { kind(of: $0.json) })
    #expect(names == Set(LayerSpecification.names))
  }

  /// A new word's example leads to the word, and its names are no one else's.
  @Test func everyWordIsAsItSays() throws {
    for word in LayerSpecification.words {
      let layers = try parse("[\(word.example)]")
      #expect(layers.map { "\(type(of: $0.word))" } == ["\(word)"], "\(word.name)")
      #expect(try parse(LayerSpecification.json(layers).description) == layers, "\(word.name)")
      for synonym in word.synonyms {
        #expect(try failure("[{\(synonym): 3}]")?.remedy == "did you mean \(word.name)?", "\(synonym)")
      }
      #expect(word.keySynonyms.values.allSatisfy(word.keys.contains), "\(word.name)")
    }
    #expect(Set(LayerSpecification.names).count == LayerSpecification.words.count)
  }

  private func kind(of json: JSONValue) -> String? {
    switch json {
    case .string(let name): name
    case .object(let members): members.keys.first { LayerSpecification.names.contains($0) }
    default: nil
    }
  }

  @Test func equalListsHaveEqualJSON() throws {
    let long = "[{relu: true}, {convolution: 8, stride: 1, padding: 0, kernel_size: 3, bias: true, groups: 1}]"
    #expect(
      LayerSpecification.json(try parse(long)).description == #"["relu", {"convolution": 8, "kernel_size": 3}]"#)
  }

  // MARK: Errors

  @Test func errorsNameThePlace() throws {
    let nested = try failure(
      "['relu', {repeat: 2, layers: ['relu', {residual: [{linear: 2}], shortcut: [{linear: 0}]}]}]")
    #expect(nested?.location == "layers[1].layers[1].shortcut[0]" && nested?.message == "not a value of linear")
    #expect(nested?.expected == "an integer from 1 to 1000000" && nested?.found == "0")
    let body = try failure("[{residual: [{convolution: 8, kernal_size: 3}]}]")
    #expect(body?.location == "layers[0].residual[0]" && body?.message == "unknown key 'kernal_size'")
    #expect(body?.remedy == "did you mean kernel_size?")
  }

  @Test func unknownNamesLeadToTheVocabulary() throws {
    let names = [
      "Conv2d": "convolution", "conv": "convolution", "BatchNorm3d": "batch_norm", "norm": "batch_norm", "ReLu": "relu",
      "MaxPool2d": "max_pool", "avg_pool": "average_pool", "AdaptiveAvgPool2d": "adaptive_average_pool",
      "globalAvgPool": "global_average_pool", "fc": "linear", "Dropout": "dropout", "linera": "linear",
    ]
    for (name, meant) in names {
      #expect(try failure("['\(name)']")?.remedy == "did you mean \(meant)?", "\(name)")
      #expect(try failure("[{'\(name)': 3, kernel_size: 2}]")?.remedy == "did you mean \(meant)?", "\(name)")
    }
    let none = try failure("[{transformer: 3}]")
    #expect(none?.found == "transformer" && none?.remedy == nil)
    #expect(none?.expected?.hasPrefix("one of convolution, batch_norm, relu, ") == true)
    #expect(try failure("[{}]")?.found == "nothing")
  }

  @Test func whatIsNoLayer() throws {
    #expect(try failure("[]")?.message == "the list has no layers")
    #expect(try failure("{linear: 3}")?.message == "not a list of layers")
    #expect(try failure("3")?.found == "3 (a number)")
    #expect(try failure("['relu', 3]")?.location == "layers[1]")
    #expect(try failure("[null]")?.message == "not a layer")
    #expect(try failure("[['relu']]")?.message == "not a layer")
    #expect(try failure("[{linear: 3, relu: true}]")?.found == "linear, relu")
    #expect(try failure("['linear']")?.expected == "such as {linear: 128}")
    #expect(try failure("[{residual: []}]")?.message == "the list has no layers")
    #expect(try failure("[{residual: ['relu'], shortcut: []}]")?.location == "layers[0].shortcut")
    #expect(try failure("[{residual: 'relu'}]")?.message == "not a list of layers")
  }

  @Test func valuesOutOfRange() throws {
    let values: [(text: String, key: String)] = [
      ("{linear: -1}", "linear"), ("{linear: 1.5}", "linear"), ("{linear: '3'}", "linear"),
      ("{linear: null}", "linear"),
      ("{linear: 1e7}", "linear"), ("{linear: 3, bias: 1}", "bias"), ("{relu: false}", "relu"), ("{relu: 1}", "relu"),
      ("{batch_norm: 32}", "batch_norm"), ("{dropout: 1}", "dropout"), ("{dropout: -0.1}", "dropout"),
      ("{dropout: NaN}", "dropout"), ("{max_pool: 0}", "max_pool"), ("{max_pool: [2]}", "max_pool"),
      ("{max_pool: 2, stride: 0}", "stride"), ("{max_pool: 2, padding: -1}", "padding"),
      ("{max_pool: 2, padding: 'same'}", "padding"), ("{average_pool: [1, 2, 3, 4]}", "average_pool"),
      ("{adaptive_average_pool: true}", "adaptive_average_pool"),
      ("{convolution: 0, kernel_size: 3}", "convolution"), ("{convolution: 3, kernel_size: [3, 0]}", "kernel_size"),
      ("{convolution: 3, kernel_size: [3, 'a']}", "kernel_size"),
      ("{convolution: 3, kernel_size: 2000}", "kernel_size"),
      ("{convolution: 3, kernel_size: 3, padding: 'full'}", "padding"),
      ("{convolution: 3, kernel_size: 3, stride: 1.5}", "stride"),
      ("{convolution: 3, kernel_size: 3, dilation: 0}", "dilation"),
      ("{convolution: 3, kernel_size: 3, groups: 0}", "groups"), ("{repeat: 0, layers: ['relu']}", "repeat"),
    ]
    for (text, key) in values {
      let failure = try failure("[\(text)]")
      #expect(
        failure?.message == "not a value of \(key)" && failure?.location == "layers[0]", "\(text): \(failure as Any)")
      #expect(failure?.expected != nil && failure?.found != nil, "\(text)")
    }
    #expect(try failure("[{convolution: 3}]")?.message == "convolution needs the key 'kernel_size'")
    #expect(try failure("[{repeat: 3}]")?.message == "repeat needs the key 'layers'")
    #expect(try failure("[{relu: true, inplace: true}]")?.expected == "relu alone")
    #expect(try failure("[{residual: ['relu'], downsample: ['relu']}]")?.remedy == "did you mean shortcut?")
  }

  @Test func repetitionsAreBounded() throws {
    let four =
      "{repeat: 1000, layers: [{repeat: 1000, layers: [{repeat: 1000, layers: [{repeat: 1000, layers: ['relu']}]}]}]}"
    #expect(try failure("[\(four)]")?.message == "there are too many layers")
    #expect(try parse("[{repeat: 1000, layers: ['relu', 'relu']}]").count == 1)
  }

  // MARK: As an option

  private static let text = "[{convolution: 8, kernel_size: 3}, 'relu', 'global_average_pool']"

  @Test func theOptionAndTheFileAgree() throws {
    let command = try parseTrain(["--out", "a", "--encoder", "layers", "--layers", Self.text])
    let file = try parseTrain(
      ["--out", "a", "--config", "run.json5"], file: "{encoder: 'layers', layers: \(Self.text)}")
    #expect(command.options.layers?.count == 3 && command.options == file.options)
    #expect(try TrainingConfiguration(json: command.options.json) == command.options)
    let line = command.options.json.split(separator: "\n").first { $0.contains("\"layers\": [") }
    #expect(line == #"  "layers": [{"convolution": 8, "kernel_size": 3}, "relu", "global_average_pool"],"#)
    // As an error spells it, it can be given again.
    let option = try #require(TrainingConfiguration.command.options.first { $0.name == "layers" })
    #expect(
      option.text(in: command.options) == #"[{"convolution": 8, "kernel_size": 3}, "relu", "global_average_pool"]"#)
  }

  @Test func anotherListIsAnotherRun() throws {
    let saved = try parseTrain(["--out", "a", "--encoder", "layers", "--layers", Self.text]).options
    var new = saved
    #expect(throws: Never.self) { try new.checkResume(of: saved, path: "config.json") }
    new.layers?.append(.linear(outputs: 4))
    #expect(throws: Failure.self) { try new.checkResume(of: saved, path: "config.json") }
    #expect(
      TrainingConfiguration.command.sharedOptions(saved).contains { $0.0 == "--layers" && $0.1.contains("kernel_size") }
    )
  }

  @Test func errorsOfTheOptionNameItAndThePlace() throws {
    func failure(_ arguments: [String], file: String? = nil) -> Failure? {
      #expect(throws: Failure.self) { try parseTrain(["--out", "a"] + arguments, file: file ?? "{}") }
    }
    #expect(failure(["--encoder", "layers", "--layers", "[{linear: 0}]"])?.location == "--layers, layers[0]")
    let inFile = failure(["--config", "run.json5"], file: "{encoder: 'layers', layers: ['relu', {lin: 3}]}")
    #expect(
      inFile?.location == "run.json5, line 1, key 'layers', layers[1]" && inFile?.remedy == "did you mean linear?")
    let text = failure(["--encoder", "layers", "--layers", "[{linear: 3}"])
    #expect(text?.message.hasPrefix("not valid JSON5") == true && text?.remedy?.contains("bracket") == true)
    #expect(
      failure(["--config", "r.json5"], file: "{layers: '[{linear: 3}]'}")?.found?.hasSuffix("(a string)") == true)
    #expect(failure(["--encoder", "layers"])?.message == "the encoder has no layers")
    #expect(failure(["--layers", Self.text])?.message == "layers are given with another encoder")
    // Set by a program.
    var configuration = TrainingConfiguration()
    (configuration.out, configuration.maxEpochs, configuration.encoder) = ("a", 1, .layers)
    configuration.layers = [.relu, .residual(body: [.linear(outputs: 0)])]
    let set = #expect(throws: Failure.self) { try configuration.validate() }
    #expect(set?.location == "--layers, layers[1].residual[0]")
  }
}
