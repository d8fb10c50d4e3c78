import Files
import Foundation
import TestSupport
import Testing

/// Data that would train, or be evaluated, without a word, and mean something else; and remedies that are followed.
@Suite struct WrongDataTests {
  private static let head = [
    "--proj-hidden-dim", "8", "--proj-output-dim", "6", "--batch-size", "16", "--lr-scheduler", "none", "--max-steps",
    "1", "--autotune", "off", "--width", "2",
  ]

  private func train(_ folder: TemporaryFolder, _ options: [String], ranks: Int? = nil) throws -> LaunchResult {
    try Launch.run(
      "bt-dist", ["train", "--out", folder.file(UUID().uuidString)] + Self.head + options, ranks: ranks)
  }

  // MARK: The channel axis

  @Test func channelsThatComeLastAreRefusedUnlessTheyAreMeant() throws {
    let folder = try TemporaryFolder()
    let path = try folder.npy("x.npy", [16, 12, 12, 3], descr: "|u1", bytes: randomBytes(16 * 432, seed: 1))
    let data = ["--data", "npy:\(path)"]
    let says = ["channels came last", "12×12×3", "numpy.moveaxis(x, -1, 1)", "--channel-axis first if 12 channels"]
    expectOneMessage(try train(folder, data), 64, says: says)
    expectOneMessage(try train(folder, data, ranks: 2), 64, says: says)
    // Where the numbers of a sample are a row, its axes are nobody's business; except for images' augmentations.
    let rows = data + ["--encoder", "mlp", "--mlp-hidden", "8,4"]
    expectOneMessage(try train(folder, rows + ["--augment", "flip"]), 64, says: says)
    #expect(try train(folder, rows + ["--augment", "noise=0.1"]).code == 0)
    #expect(try train(folder, data + ["--channel-axis", "first"]).code == 0)
    expectOneMessage(
      try Launch.run("bt-dist", ["bench", "--steps", "1"] + data + ["--batch-size", "16"], ranks: nil), 64, says: says)
  }

  @Test func volumesWithoutChannelsAreRefusedUnlessTheyAreMeant() throws {
    let folder = try TemporaryFolder()
    let data = ["--data", "npy:\(try folder.npy("v.npy", [16, 10, 12, 10], normalNumbers(19200, seed: 1)))"]
    let noise = ["--augment", "noise=0.1"]
    expectOneMessage(
      try train(folder, data + noise), 64,
      says: ["volumes without a channel axis", "resnet18 takes images", "x[:, None]", "--channel-axis first if 10"])
    expectOneMessage(
      try train(folder, data + noise + ["--encoder", "resnet3d-18"]), 64, says: ["takes volumes", "save x[:, None]"])
    #expect(try train(folder, data + noise + ["--channel-axis", "first"]).code == 0)
    // The remedy, followed.
    let whole = ["--data", "npy:\(try folder.npy("w.npy", [16, 1, 10, 12, 10], normalNumbers(19200, seed: 1)))"]
    #expect(try train(folder, whole + noise + ["--encoder", "resnet3d-18"]).code == 0)
  }

  /// A run that was told so embeds such data without being told again.
  @Test func theRunRemembersWhatIsMeant() throws {
    let folder = try TemporaryFolder()
    let data = ["--data", "npy:\(try folder.npy("v.npy", [16, 10, 12, 10], normalNumbers(19200, seed: 1)))"]
    let options = data + ["--augment", "noise=0.1", "--channel-axis", "first", "--out", folder.file("run")]
    let trained = try Launch.run("bt-dist", ["train"] + Self.head + options, ranks: nil)
    #expect(trained.code == 0 && folder.text("run/config.json").contains("channel-axis"), "\(trained.text)")
    let result = try Launch.run(
      "bt-dist", ["embed", "--from", folder.file("run"), "--out", folder.file("f.npy")] + data, ranks: nil)
    #expect(result.code == 0, "\(result.text)")
  }

  /// Trained on channels first, and then given the same data with channels last.
  @Test func embeddingOtherChannelsSaysSo() throws {
    let folder = try TemporaryFolder()
    let options = ["--data", "synthetic:3x12x12,n=16", "--out", folder.file("run")]
    let trained = try Launch.run("bt-dist", ["train"] + Self.head + options, ranks: nil)
    try #require(trained.code == 0, "\(trained.text)")
    let path = try folder.npy("x.npy", [4, 12, 12, 3], normalNumbers(4 * 432, seed: 1))
    for (data, remedy) in [("npy:\(path)", "moveaxis(x, -1, 1)"), ("synthetic:4x12x12,n=4", "like those of the run")] {
      let result = try Launch.run(
        "bt-dist", ["embed", "--from", folder.file("run"), "--data", data, "--out", folder.file("f.npy")], ranks: nil)
      expectOneMessage(result, 65, says: ["was trained on", "3 channels", remedy])
    }
  }

  // MARK: Two equal views

  @Test func equalViewsAreAWarning() throws {
    let folder = try TemporaryFolder()
    let x = try folder.npy("x.npy", [32, 12], normalNumbers(384, seed: 1))
    let y = try folder.npy("y.npy", [32, 12], normalNumbers(384, seed: 2))
    let network = ["--encoder", "mlp", "--mlp-hidden", "8,4"]
    func warns(_ data: String, _ augment: String) throws -> Bool {
      let result = try train(folder, network + ["--data", data, "--augment", augment])
      #expect(result.code == 0, "\(result.text)")
      return result.errors.contains("views of each sample are the same")
    }
    #expect(try warns("npy:\(x)", "none"))
    #expect(try warns("pairs:\(x),\(x)", "none"))
    #expect(try !warns("pairs:\(x),\(y)", "none"))
    #expect(try !warns("pairs:\(x),\(x)", "noise=0.1"))
    #expect(try !warns("npy:\(x)", "noise=0.1"))
  }

  // MARK: Evaluation

  private func evaluate(_ folder: TemporaryFolder, _ train: String, _ test: String, k: Int = 1) throws -> LaunchResult {
    if !FileManager.default.fileExists(atPath: folder.file("run")) {
      let options = ["--data", "synthetic:2,n=32", "--encoder", "mlp", "--mlp-hidden", "8,4", "--augment", "noise=0.1"]
      let trained = try Launch.run("bt-dist", ["train", "--out", folder.file("run")] + Self.head + options, ranks: nil)
      try #require(trained.code == 0, "\(trained.text)")
    }
    return try Launch.run(
      "bt-dist", ["eval", "--from", folder.file("run"), "--train", train, "--test", test, "--k", "\(k)"], ranks: nil)
  }

  /// Neighbours in a plane, of which each has another class: with itself the accuracy would be 1.
  @Test func noSampleFindsItself() throws {
    let folder = try TemporaryFolder()
    let points: [Float] = [1, 0, 1, 0.01, 0, 1, 0.01, 1, -1, 0, -1, 0.01]
    let (x, again) = (try folder.npy("x.npy", [6, 2], points), try folder.npy("again.npy", [6, 2], points))
    let y = try folder.labels("y.npy", 6, classes: 2)
    for test in [x, again] {
      let result = try evaluate(folder, "npy:\(x),\(y)", "npy:\(test),\(y)")
      #expect(result.code == 0 && result.output.contains("6 against the other 5 samples"), "\(result.text)")
      #expect(result.output.contains("  0.0  raw values"), "\(result.text)")
    }
    let other = try folder.npy("other.npy", [6, 2], points.map { $0 + 0.001 })
    let result = try evaluate(folder, "npy:\(x),\(y)", "npy:\(other),\(y)")
    #expect(
      result.output.contains("6 against 6 samples") && result.output.contains("  1.0  raw values"), "\(result.text)")
    #expect(try evaluate(folder, "npy:\(x),\(y)", "npy:\(x),\(y)", k: 6).code == 64)
  }

  /// −1 next to classes from 0 on: no class, but left out, with a word. In {−1, 1} it is one.
  @Test func samplesWithoutALabelAreLeftOut() throws {
    let folder = try TemporaryFolder()
    let x = try folder.npy("x.npy", [5, 2], [1, 0, 0.9, 0, 0, 1, 0, 0.9, 1, 0.001])
    let test = try folder.npy("t.npy", [3, 2], [1, 0.001, 0, 2, 3, 0.1])
    func labels(_ name: String, _ values: [Int8]) throws -> String {
      try folder.npy(name, [values.count], descr: "|i1", bytes: values.map { UInt8(bitPattern: $0) })
    }
    let known = "npy:\(x),\(try labels("y.npy", [0, 0, 1, 1, -1]))"
    let result = try evaluate(folder, known, "npy:\(test),\(try labels("a.npy", [0, 1, -1]))")
    #expect(result.code == 0 && result.output.contains("2 against 4 samples"), "\(result.text)")
    #expect(result.errors.contains("1 sample with the label -1") && result.output.contains("  1.0  raw values"))
    let two = "npy:\(x),\(try labels("s.npy", [-1, -1, 1, 1, -1]))"
    let signs = try evaluate(folder, two, "npy:\(test),\(try labels("b.npy", [-1, 1, -1]))")
    #expect(signs.output.contains("3 against 5 samples") && signs.errors.isEmpty, "\(signs.text)")
    let inspected = try Launch.run("bt-dist", ["inspect", known], ranks: nil)
    #expect(inspected.output.contains("without a label (-1)"), "\(inspected.text)")
  }

  // MARK: Remedies, followed

  @Test func whatIsSaidOfRanksAndShardsWorks() throws {
    let folder = try TemporaryFolder()
    let options = ["--data", "synthetic:12,n=64", "--encoder", "mlp", "--mlp-hidden", "8,4", "--augment", "noise=0.1"]
    func run(_ batch: String, _ more: [String] = [], ranks: Int) throws -> LaunchResult {
      try train(folder, options + ["--batch-size", batch] + more, ranks: ranks)
    }
    expectOneMessage(
      try run("32", ranks: 3), 64,
      says: [
        "equal shards", "32 samples, 3 shards, 3 ranks", "give --batch-size 30 or --batch-size 33, or start 2 ranks",
      ])
    expectOneMessage(
      try run("32", ["--shards", "2"], ranks: 3), 64,
      says: ["give --batch-size 30 or --batch-size 33 with --shards 3, or start 2 ranks"])
    #expect(try run("30", ranks: 3).code == 0)
    #expect(try run("33", ["--shards", "3"], ranks: 3).code == 0)
    #expect(try run("32", ["--shards", "2"], ranks: 2).code == 0)
  }

  // MARK: Export

  @Test func exportPrintsThePythonThatLoadsTheFile() throws {
    let folder = try TemporaryFolder()
    let options = ["--data", "synthetic:1x8x8,n=16", "--out", folder.file("run")]
    let trained = try Launch.run("bt-dist", ["train"] + Self.head + options, ranks: nil)
    try #require(trained.code == 0, "\(trained.text)")
    let result = try Launch.run(
      "bt-dist", ["export", "--from", folder.file("run"), "--out", folder.file("e.safetensors")], ranks: nil)
    let changes = "(1 channel instead of 3, the small stem, width 2 instead of 64)"
    for words in [
      "loaded by torchvision.models.resnet18, changed by these lines \(changes)", "planes * 2 // 64",
      "torch.nn.Conv2d(1, 2, 3, padding=1, bias=False)", "load_file(\"\(folder.file("e.safetensors"))\")",
    ] { #expect(result.code == 0 && result.output.contains(words), "\(words): \(result.text)") }
  }
}
