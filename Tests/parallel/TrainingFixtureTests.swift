import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// `bt-dist train` and `embed` end to end against PyTorch and nidl in float64: data, initial values and options of a
/// fixture in; losses, parameters, running statistics and features out. Each rank has its own rows of the one batch.
@Suite struct TrainingFixtureTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let fixture: String
    let batch: Int
    let options: [String]
    var testDescription: String { fixture }
  }

  static let cases = [
    Case(fixture: "train-mlp", batch: 24, options: ["--encoder", "mlp", "--mlp-hidden", "32,16"]),
    Case(fixture: "train-mlp-adamW", batch: 64, options: ["--encoder", "mlp", "--mlp-hidden", "32,16"]),
    Case(
      fixture: "train-resnet18-small", batch: 16, options: ["--encoder", "resnet18", "--width", "8", "--stem", "small"]),
    Case(
      fixture: "train-resnet18", batch: 16, options: ["--encoder", "resnet18", "--width", "8", "--stem", "imagenet"]),
    Case(
      fixture: "train-resnet34", batch: 16, options: ["--encoder", "resnet34", "--width", "4", "--stem", "imagenet"]),
    Case(
      fixture: "train-resnet50", batch: 16, options: ["--encoder", "resnet50", "--width", "4", "--stem", "imagenet"]),
    Case(
      fixture: "train-resnet3d-18", batch: 12,
      options: ["--encoder", "resnet3d-18", "--width", "8", "--n-embedding", "10"]),
    Case(
      fixture: "train-resnet3d-50", batch: 12,
      options: ["--encoder", "resnet3d-50", "--width", "4", "--n-embedding", "10"]),
    // Its layers are in the fixture.
    Case(fixture: "train-described", batch: 32, options: ["--encoder", "layers"]),
  ]

  private struct Errors: Decodable {
    let final, features: Double
    let losses: [Double]
  }

  /// How many times PyTorch's own float32 error ours may be: the largest of PyTorch's over orders of the samples.
  private static let tolerance = 3.0

  /// What a ReLU of a deep network that opens by rounding changes, see `NetworkGradientTests`: 1e-3 of a gradient at the
  /// first step or later, and so the second loss.
  private static let flip = Errors(final: 3e-4, features: 1e-3, losses: [1e-5, 1e-4, 1e-3])

  private func yardstick(_ name: String, _ fixture: Fixture) throws -> Errors {
    let text = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("float32_spread.json")))
    guard let spread = try JSONDecoder().decode([String: Errors].self, from: text)[name] else {
      return try fixture.value("pytorch_float32_error")
    }
    guard ["train-resnet34", "train-resnet50", "train-resnet3d-18", "train-resnet3d-50"].contains(name) else {
      return spread
    }
    return Errors(
      final: max(spread.final, Self.flip.final), features: max(spread.features, Self.flip.features),
      losses: zip(spread.losses, Self.flip.losses).map(max))
  }

  /// On one rank and on as many as the batch divides into, up to 4; the first on all between.
  private static let launches = cases.enumerated().flatMap { index, testCase in
    let ranks = (1...4).filter { testCase.batch % $0 == 0 }
    return ranks.filter { index == 0 || $0 == 1 || $0 == ranks.last }.map { (testCase, ranks: $0) }
  }

  @Test(arguments: launches)
  func threeStepsArePyTorchs(_ testCase: Case, ranks: Int) throws {
    let (fixture, folder) = (try Fixture(testCase.fixture), try TemporaryFolder())
    try #require(try fixture.value("batch", as: Int.self) == testCase.batch)
    try prepare(fixture, folder)
    let run = RunResult(folder.file("run"))
    let trained = try Launch.run("bt-dist", try arguments(testCase, fixture, folder), ranks: ranks)
    try #require(trained.code == 0, "\(trained.text)")
    let yardstick = try yardstick(testCase.fixture, fixture)
    try compareLosses(run, fixture, yardstick.losses)
    try compareModel(run, fixture, yardstick.final)
    if let reference = try validation(testCase) {
      try compareValidation(run, reference, max(yardstick.losses[2], yardstick.features))
    }

    let embedded = try Launch.run(
      "bt-dist",
      ["embed", "--from", run.path, "--data", "npy:\(folder.file("x1.npy"))", "--out", folder.file("f.npy")],
      ranks: ranks)
    try #require(embedded.code == 0, "\(embedded.text)")
    let features = try NpyFile(path: folder.file("f.npy"))
    #expect(try features.shape == fixture.file.shape(of: "features"))
    let error = relativeError(try features.floats(), to: try fixture.floats("features"))
    #expect(error < Self.tolerance * yardstick.features, "features: \(error), PyTorch \(yardstick.features)")
  }

  private func prepare(_ fixture: Fixture, _ folder: TemporaryFolder) throws {
    for view in ["x1", "x2"] { try folder.npy(view + ".npy", fixture.file.shape(of: view), fixture.floats(view)) }
    try writeInit(fixture, to: folder.file("init.safetensors"))
  }

  private func arguments(_ testCase: Case, _ fixture: Fixture, _ folder: TemporaryFolder) throws -> [String] {
    let sizes = try fixture.value("proj", as: [Int].self)
    func text(_ name: String) throws -> String { try #require(fixture.file.metadata[name], "no metadata '\(name)'") }
    let optimizer = try text("optimizer")
    let data = "pairs:\(folder.file("x1.npy")),\(folder.file("x2.npy"))"
    return [
      "train", "--data", data, "--out", folder.file("run"),
      "--init", folder.file("init.safetensors"), "--shuffle", "false", "--augment", "none", "--max-epochs", "3",
      "--batch-size", try text("batch"), "--proj-input-dim", "\(sizes[0])", "--proj-hidden-dim", "\(sizes[1])",
      "--proj-output-dim", "\(sizes[2])", "--lambd", try text("lambd"), "--lr-scheduler", "none",
      "--optimizer", optimizer.hasPrefix("sgd") ? "sgd" : optimizer, "--optimizer-kwargs", try text("optimizer_kwargs"),
      "--learning-rate", try text("learning_rate"), "--weight-decay", try text("weight_decay"),
      "--convolution", "direct",
    ] + testCase.options + (fixture.file.metadata["layers"].map { ["--layers", $0] } ?? [])
      + (try validation(testCase) == nil ? [] : ["--val-data", data])
  }

  /// The loss on the fixture's batch after its steps, in evaluation mode, where that is known.
  private struct Validation: Decodable {
    let loss, error: Double

    enum CodingKeys: String, CodingKey {
      case loss = "val_loss"
      case error = "float32_error"
    }
  }

  private func validation(_ testCase: Case) throws -> Validation? {
    let text = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("validation.json")))
    return try JSONDecoder().decode([String: Validation].self, from: text)[testCase.fixture]
  }

  private func compareValidation(_ run: RunResult, _ reference: Validation, _ before: Double) throws {
    #expect(try run.order() == ["s1", "v1", "s2", "v2", "s3", "v3"])
    let error = abs(try run.values("val_loss")[2] / reference.loss - 1)
    // PyTorch's error is that of the validation alone; the steps before it have one of their own.
    let limit = max(Self.tolerance * max(reference.error, before), 1e-5)
    #expect(error < limit, "validation: \(error), PyTorch \(reference.error)")
  }

  private func compareLosses(_ run: RunResult, _ fixture: Fixture, _ yardstick: [Double]) throws {
    let (found, expected) = (try run.losses, try fixture.value("losses", as: [Double].self))
    try #require(found.count == expected.count)
    for step in expected.indices {
      let error = abs(found[step] / expected[step] - 1)
      #expect(
        error < max(Self.tolerance * yardstick[step], 3e-6),
        "loss of step \(step + 1): \(error), PyTorch \(yardstick[step])")
    }
  }

  /// Parameters and running statistics, all together; and PyTorch's count of batches, two a step.
  private func compareModel(_ run: RunResult, _ fixture: Fixture, _ yardstick: Double) throws {
    let model = try run.model(3)
    let zero = Set(try fixture.value("zero_gradients", as: [String].self).map { "final." + $0 })
    let names = fixture.file.names.filter { $0.hasPrefix("final.") && !zero.contains($0) }
    #expect(names.contains { $0.hasSuffix("running_var") } && names.contains { $0.hasSuffix("weight") })
    var (found, expected): ([Float], [Float]) = ([], [])
    for name in names {
      let own = String(name.dropFirst("final.".count))
      #expect(try model.shape(of: own) == fixture.file.shape(of: name), "\(own)")
      found += try model.floats(of: own)
      expected += try fixture.floats(name)
    }
    let error = relativeError(found, to: expected)
    #expect(error < Self.tolerance * yardstick, "final: \(error), PyTorch \(yardstick)")
    // Only what PyTorch has.
    let counters = model.names.filter { $0.hasSuffix("num_batches_tracked") }
    #expect(Set(model.names).subtracting(counters) == Set(fixture.file.names.compactMap(finalName)))
    #expect(counters.count == names.count { $0.hasSuffix("running_mean") })
    for counter in counters { #expect(try integer(counter, in: model) == 6, "\(counter)") }
  }

  private func finalName(_ name: String) -> String? {
    name.hasPrefix("final.") ? String(name.dropFirst("final.".count)) : nil
  }

  /// A 64-bit integer of a file, read from its bytes.
  private func integer(_ name: String, in file: SafetensorsFile) throws -> Int64 {
    let entry = try file.entry(name)
    #expect(entry.dtype == "I64" && entry.shape == [])
    // Elements follow one another in the order of the entries.
    let bytes = try readBytes(file.path)
    let total = file.entries.reduce(0) { $0 + $1.count * ($1.type?.size ?? 0) }
    let before = file.entries.prefix { $0.name != name }.reduce(0) { $0 + $1.count * ($1.type?.size ?? 0) }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: bytes.count - total + before, as: Int64.self) }
  }
}

/// The `init.…` tensors of a fixture as a file for `--init`; `change` may alter or drop (nil) a tensor.
func writeInit(
  _ fixture: Fixture, to path: String,
  change: (_ name: String, _ shape: [Int]) -> [Int]? = { $1 }
) throws {
  var (tensors, buffers): ([NamedTensor], [AlignedBuffer<Float>]) = ([], [])
  for entry in fixture.file.entries where entry.name.hasPrefix("init.") {
    let name = String(entry.name.dropFirst("init.".count))
    guard let shape = change(name, entry.shape) else { continue }
    let values = try fixture.floats(entry.name)
    let buffer = AlignedBuffer<Float>(values.count)
    for (i, value) in values.enumerated() { buffer.pointer[i] = value }
    buffers.append(buffer)
    tensors.append(NamedTensor(name: name, shape: shape, pointer: buffer.pointer))
  }
  try withExtendedLifetime(buffers) { _ = try SafetensorsWriter.write(tensors, to: path) }
}
