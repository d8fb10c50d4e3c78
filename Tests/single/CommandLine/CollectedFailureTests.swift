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
