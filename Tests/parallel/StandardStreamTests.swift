import Foundation
import TestSupport
import Testing

/// Standard output and error that are closed, full, or have lost their reader.
@Suite struct StandardStreamTests {
  private static let options = [
    "--data", "synthetic:20,n=200", "--encoder", "mlp", "--mlp-hidden", "16,8", "--augment", "noise=0.1",
    "--proj-hidden-dim", "16", "--proj-output-dim", "8", "--batch-size", "32", "--lr-scheduler", "none",
    "--max-steps", "3",
  ]

  /// Runs `bt-dist`, alone, with redirections of the shell after its arguments.
  private static func run(
    _ arguments: [String], _ redirections: String, environment: [String: String] = [:]
  ) throws -> LaunchResult {
    let program = try RankCall("bt-dist", []).path
    return try Launch.run(
      "/bin/bash", ["-c", "\"$0\" \"$@\" \(redirections)", program] + arguments, ranks: nil, environment: environment)
  }

  /// A run with a whole record, which other commands look at.
  private static func trained(_ folder: TemporaryFolder, _ redirections: String = "") throws -> String {
    let run = folder.file("run")
    let result = try Self.run(["train", "--out", run, "--autotune", "off"] + options, redirections)
    try #require(result.code == 0, "\(result.text)")
    return run
  }

  @Test(arguments: ["2>/dev/full", "2>&-", "2> >(exec 0<&-)"])
  func errorsThatNobodySeesKeepTheirCode(_ redirection: String) throws {
    let folder = try TemporaryFolder()
    #expect(try Self.run(["train", "--bogus"], redirection).code == 64)
    #expect(try Self.run(["inspect", folder.file("nothing")], redirection).code != 132)
    // Warnings: `mlp` has no use for a width. Reports: kernels are measured.
    let run = ["train", "--out", folder.file("run"), "--width", "8"] + Self.options
    let result = try Self.run(run, redirection)
    #expect(result.code == 0, "\(result.text)")
    #expect(RunResult(folder.file("run")).checkpoints == [3])
  }

  /// Measuring is reported only when it takes more than two seconds: the report of the data's lock does at once.
  @Test(arguments: [">&-", ">/dev/full", ">&- 2>&-", "<&- >&- 2>&-"])
  func aLogNeverEndsARun(_ redirection: String) throws {
    let folder = try TemporaryFolder()
    let run = try Self.trained(folder, redirection)
    #expect(RunResult(run).lines.count == 3)
    // A closed descriptor 1 would be the lock's, and the log written into it.
    #expect(folder.text("run/.lock").hasPrefix("{") && !folder.text("run/.lock").contains("step 1"))
  }

  @Test func resultsThatCannotBeWrittenAre73() throws {
    let folder = try TemporaryFolder()
    let run = try Self.trained(folder)
    let data = "synthetic:20,n=40,classes=2"
    let commands: [[String]] = [
      ["--help"], ["train", "--help"], ["train", "--print-config", "--out", run], ["inspect", run],
      ["inspect", run, "--json"], ["eval", "--from", run, "--train", data, "--test", data],
      ["replay", "--from", run, "--step", "2"],
      ["bench", "--loss", "4,8", "--steps", "1"], ["doctor", "--json"],
    ]
    for command in commands {
      for redirection in command.count < 3 ? [">/dev/full", ">&-"] : [">/dev/full"] {
        let result = try Self.run(command, redirection)
        #expect(result.code == 73, "\(command) \(redirection): \(result.text)")
        #expect(result.errors.contains("standard output"), "\(command) \(redirection): \(result.text)")
      }
    }
  }

  /// What is written is the file; the line is a remark.
  @Test func commandsThatWriteAFileNeedNoOutput() throws {
    let folder = try TemporaryFolder()
    let run = try Self.trained(folder)
    let features = folder.file("x.npy")
    let embedded = try Self.run(
      ["embed", "--from", run, "--data", "synthetic:20,n=40", "--out", features], ">/dev/full")
    #expect(embedded.code == 0 && FileManager.default.fileExists(atPath: features), "\(embedded.text)")
    let exported = try Self.run(["export", "--from", run, "--out", folder.file("x.safetensors")], ">&-")
    #expect(exported.code == 0, "\(exported.text)")
  }

  @Test func aReaderThatHasGoneIsNoFailure() throws {
    let result = try Self.run(["train", "--help"], "| head -n 1; exit ${PIPESTATUS[0]}")
    #expect(result.code == 0 && result.output.hasPrefix("bt-dist train") && result.errors.isEmpty, "\(result.text)")
    let gone = try Self.run(["train", "--help"], "> >(exec 0<&-)")
    #expect(gone.code == 0, "\(gone.text)")
  }

  /// A tensor's name, or a file's, does nothing to the terminal that shows it.
  @Test func namesFromFilesArePrintedAsText() throws {
    let folder = try TemporaryFolder()
    let header = #"{"a\u001b]0;owned\u0007\nbt-dist: done":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init)
    let path = try folder.write("x\u{1B}[2J.safetensors", length + Array(header.utf8) + [0, 0, 0, 0])
    let text = try Launch.run("bt-dist", ["inspect", path], ranks: nil)
    #expect(text.code == 0 && !text.output.contains("\u{1B}"), "\(text.text)")
    #expect(text.output.contains(#"a\u001b]0;owned\u0007\u000abt-dist: done"#), "\(text.text)")
    let json = try Launch.run("bt-dist", ["inspect", path, "--json"], ranks: nil)
    let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect(object?["path"] as? String == path)
    let missing = try Launch.run("bt-dist", ["inspect", folder.file("\u{1B}[31mred\nbt-dist: done")], ranks: nil)
    #expect(missing.code != 0 && !missing.errors.contains("\u{1B}"), "\(missing.text)")
    #expect(!missing.errors.contains("\nbt-dist: done"), "\(missing.text)")
  }
}
