import Configuration
import Diagnostics
import TestSupport
import Testing

/// All that is wrong with a call is said at once, and no consequence of it.
@Suite(.commandLine) struct CollectedFailureTests {
  private func failures(_ arguments: [String], file: String = "{}") -> [Failure] {
    do { _ = try act(arguments, file: file) } catch { return error.all }
    return []
  }

  @Test func everyMistakeOfTheOptions() {
    let found = failures([
      "--batchsize", "8", "--lambd", "x", "--shards", "0", "--out", "a", "--encoder", "layers", "-z", "--width=0",
    ])
    #expect(
      found.map { $0.location ?? "" } == [
        "bt-dist train", "bt-dist train", "--lambd", "--shards", "--width", "--encoder",
      ])
    #expect(found.allSatisfy { $0.kind == .usage && ($0.remedy != nil || $0.expected != nil) })
  }

  /// A value that was not understood is not checked with others, and the value of an unknown option is no argument.
  @Test func noConsequences() {
    #expect(failures(["--encoder", "layrs", "--layers", "['relu']", "--out", "a"]).count == 1)
    #expect(failures(["--outt", "a"]).map(\.message) == ["unknown option --outt"])
    #expect(failures(["--out"]).map(\.message) == ["a value is missing"])
    #expect(failures(["--shards", "3", "--batch-size", "many", "--out", "a"]).count == 1)
    #expect(failures(["--config", "run.json5", "--shards", "3"], file: "{").count == 1)
  }

  /// Those of the file and of the command line in one answer, and those of what options mean together.
  @Test func everyMistakeOfTheFile() {
    let text = """
      {
        "widht": 4,
        "lambd": "x",
        "shards": 0,
        "batch-size": 8, "batch_size": 16,
        "optimizer": "sgdd",
        "save-top-k": 3,
        "max-epochs": -5
      }
      """
    let found = failures(["--config", "run.json5", "--learning-rate", "fast", "--max-epochs", "3"], file: text)
    #expect(
      found.map { $0.location ?? "" } == [
        "run.json5, line 2", "run.json5, line 3, key 'lambd'", "run.json5, line 4, key 'shards'",
        "run.json5, line 5, key 'batch-size'", "run.json5, line 6, key 'optimizer'",
        "run.json5, line 8, key 'max-epochs'", "--learning-rate", "--monitor", "--out",
      ], "\(found)")
    #expect(found.allSatisfy { $0.kind == .usage })
  }

  /// What was rejected in the file is not checked with other options, unless the command line gives it.
  @Test func noConsequencesOfTheFile() {
    let text = #"{"batch-size": "many", "encodr": "layers"}"#
    let arguments = ["--config", "run.json5", "--out", "a", "--shards", "3"]
    #expect(failures(arguments, file: text).count == 2)
    #expect(failures(arguments + ["--batch-size", "32"], file: text).count == 3)
    expectFailure(.usage, "2 things are wrong", "key 'batch-size'", "unknown key 'encodr'") {
      _ = try TrainingConfiguration(json: text)
    }
  }

  @Test func oneFailureForAll() {
    #expect(Failure([]) == nil)
    let data = Failure(.data, "the file is missing", at: "x.npy")
    let usage = Failure(.usage, "not a value of width", at: "--width")
    #expect(Failure([data]) == data)
    let both = Failure([data, usage])
    #expect(both?.kind == .usage && both?.all == [data, usage])
    #expect(
      both?.description == "2 things are wrong\n1. x.npy: the file is missing\n2. --width: not a value of width")
    var collector = FailureCollector()
    for failure in [both, data].compactMap({ $0 }) { collector.add(failure) }
    #expect(collector.failures == [data, usage])
  }
}
