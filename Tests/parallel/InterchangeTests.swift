import Files
import Foundation
import TestSupport
import Testing

/// Models go to PyTorch by `bt-dist export` and come from it by `--init`: recorded files stand for PyTorch.
@Suite struct InterchangeTests {
  private struct Case: Sendable {
    var fixture: String
    var options: [String]
    var tensors: String
    /// The largest relative error of features.
    var error: Double
  }

  private static let cases = [
    Case(
      fixture: "interchange-resnet18",
      options: ["--encoder", "resnet18", "--stem", "imagenet", "--width", "4", "--augment", "flip"],
      tensors: "100 of 112", error: 1e-5),
    Case(
      fixture: "interchange-mlp", options: ["--encoder", "mlp", "--mlp-hidden", "8,5", "--augment", "noise=0.1"],
      tensors: "4 of 16", error: 1e-5),
  ]

  private static let head = [
    "--proj-hidden-dim", "8", "--proj-output-dim", "6", "--batch-size", "4", "--lr-scheduler", "none",
  ]

  private func run(_ arguments: [String], ranks: Int? = nil) throws -> LaunchResult {
    let result = try Launch.run("bt-dist", arguments, ranks: ranks)
    try #require(result.code == 0, "\(arguments) \(result.text)")
    return result
  }

  /// PyTorch's file goes into a run, which gives PyTorch's features; the run's export is PyTorch's file again.
  @Test(arguments: 0..<2) func aModelOfPyTorchComesAndGoes(index: Int) throws {
    let (testCase, folder) = (Self.cases[index], try TemporaryFolder())
    let recorded = try Fixture(testCase.fixture + "-features")
    let (x, init_) = (folder.file("x.npy"), Fixture.path(testCase.fixture + ".safetensors"))
    try folder.npy("x.npy", try recorded.file.shape(of: "x"), try recorded.floats("x"))
    let (runPath, out) = (folder.file("run"), folder.file("encoder.safetensors"))
    let options = ["--data", "npy:\(x)", "--out", runPath, "--init", init_, "--max-steps", "0"]
    let trained = try run(["train"] + options + testCase.options + Self.head, ranks: 2)
    #expect(trained.text.contains("\(testCase.tensors) tensors from \(init_); projection_head is random"))
    #expect(trained.text.contains("fc.bias") == (index == 0) && trained.text.contains("finished at step 0"))

    _ = try run(["embed", "--from", runPath, "--data", "npy:\(x)", "--out", folder.file("f.npy")])
    let features = try NpyFile(path: folder.file("f.npy"))
    #expect(try features.shape == recorded.file.shape(of: "features"))
    let error = relativeError(try features.floats(), to: try recorded.floats("features"))
    #expect(error < testCase.error, "\(error)")

    _ = try run(["export", "--from", runPath, "--out", out])
    let (given, exported) = (try SafetensorsFile(path: init_), try SafetensorsFile(path: out))
    let names = given.names.map { $0.hasPrefix("module.") ? String($0.dropFirst(7)) : $0 }.filter {
      !$0.hasPrefix("fc.")
    }
    #expect(Set(names) == Set(exported.names))
    for name in exported.names where !name.hasSuffix("num_batches_tracked") {
      let other = given.contains(name) ? name : "module." + name
      #expect(try exported.shape(of: name) == given.shape(of: other) && exported.entry(name).dtype == "F32")
      #expect(try exported.floats(of: name) == given.floats(of: other, converting: true), "\(name)")
    }
    for name in exported.names where name.hasSuffix("num_batches_tracked") {
      #expect(try exported.entry(name).dtype == "I64" && exported.shape(of: name) == [])
      #expect(try exported.floats(of: name, converting: true) == [0])
    }
    #expect(exported.metadata["format"] == "pt" && exported.metadata["bt_dist.step"] == "0")
    #expect(try exported.metadata["bt_dist.features"] == "\(recorded.file.shape(of: "features")[1])")
    #expect(try exported.metadata["bt_dist.sample_shape"] == "\(recorded.file.shape(of: "x").dropFirst())")
  }

  /// What is not given is a function of `--random-state`; a whole model leaves nothing to it.
  @Test func theProjectorIsDrawnOrGiven() throws {
    let folder = try TemporaryFolder()
    let options = ["--data", "synthetic:12,n=16", "--max-steps", "0"] + Self.cases[1].options + Self.head
    func model(_ name: String, _ more: [String]) throws -> SafetensorsFile {
      _ = try run(["train", "--out", folder.file(name)] + options + more)
      return try RunResult(folder.file(name)).model(0)
    }
    let initial = ["--init", Fixture.path("interchange-mlp.safetensors")]
    let drawn = try model("drawn", ["--random-state", "7"])
    let given = try model("given", ["--random-state", "7"] + initial)
    let other = try model("other", ["--random-state", "8"] + initial)
    let (head, body) = ("projection_head.layers.0.weight", "encoder.0.weight")
    #expect(try given.floats(of: head) == drawn.floats(of: head) && given.floats(of: head) != other.floats(of: head))
    #expect(try given.floats(of: body) != drawn.floats(of: body) && given.floats(of: body) == other.floats(of: body))

    _ = try run(["export", "--from", folder.file("given"), "--full", "--out", folder.file("full.safetensors")])
    let full = try SafetensorsFile(path: folder.file("full.safetensors"))
    #expect(Set(full.names) == Set(given.names))
    let again = try model("again", ["--random-state", "9", "--init", full.path])
    for name in given.names {
      #expect(try again.floats(of: name, converting: true) == given.floats(of: name, converting: true))
    }
  }

  /// A run that resumes from its checkpoint of step 0 is the run that was never interrupted.
  @Test func aRunGoesOnFromItsInitialCheckpoint() throws {
    let folder = try TemporaryFolder()
    let options = ["--data", "synthetic:12,n=16"] + Self.cases[1].options + Self.head
    let (whole, parts) = (RunResult(folder.file("whole")), RunResult(folder.file("parts")))
    _ = try run(["train", "--out", whole.path, "--max-steps", "3"] + options)
    let start = try run(["train", "--out", parts.path, "--max-steps", "0"] + options)
    #expect(parts.checkpoints == [0] && parts.lines.isEmpty && !start.text.contains("warning"), "\(start.text)")
    _ = try run(["train", "--out", parts.path, "--max-steps", "3"] + options)
    #expect(try parts.metrics() == whole.metrics() && parts.digests(3) == whole.digests(3))
  }

  @Test func aCheckpointIsChosen() throws {
    let folder = try TemporaryFolder()
    let run = RunResult(folder.file("run"))
    let options = ["--max-steps", "4", "--checkpoint-every-n-steps", "2", "--save-top-k", "1", "--monitor", "loss"]
    _ = try self.run(
      ["train", "--data", "synthetic:12,n=16", "--out", run.path] + options + Self.cases[1].options + Self.head)
    func export(_ from: String, _ more: [String], name: String = UUID().uuidString) throws -> LaunchResult {
      try Launch.run("bt-dist", ["export", "--from", from, "--out", folder.file(name)] + more, ranks: nil)
    }
    for (from, more, step) in [
      (run.path, ["--step", "2"], "2"), (run.path, [], "4"), (run.checkpoint(2), [], "2"),
      (run.path, ["--step", "best"], "4"),
    ] {
      let result = try export(from, more, name: "out-\(step)\(more.count)")
      #expect(result.code == 0 && result.output.contains("after step \(step)\n"), "\(result.text)")
    }
    for (from, more, words) in [
      (run.path, ["--step", "3"], "--step 2, 4"), (run.checkpoint(2), ["--step", "2"], "chosen twice"),
      (run.path, ["--step", "-1"], "--step"),
    ] {
      let result = try export(from, more)
      #expect(result.code == 64 && result.errors.contains(words), "\(result.text)")
    }
    // What is there stays, unless it is to be replaced.
    let file = try folder.write("there.safetensors", "mine")
    let refused = try export(run.path, [], name: "there.safetensors")
    #expect(refused.code == 64 && refused.errors.contains("--overwrite"), "\(refused.text)")
    #expect(folder.text("there.safetensors") == "mine")
    #expect(try export(run.path, ["--overwrite"], name: "there.safetensors").code == 0)
    #expect(try SafetensorsFile(path: file).names == ["0.bias", "0.weight", "3.bias", "3.weight"])
    #expect(try export(run.path, [], name: "no/such/folder").code == 73)
    #expect(try export(folder.file("nothing"), []).code == 65)
  }
}
