import Diagnostics
import Foundation
import TestSupport
import Testing

/// The table of exit codes in `ExitCode`, in `launch/environment` and in the document with the marks.
@Suite struct ExitCodeTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private func bash(_ script: String) throws -> LaunchResult {
    try Launch.run(
      "/bin/bash", ["-c", ". '\(Self.root.path)/launch/environment'; \(script)"], ranks: nil, limit: 60)
  }

  @Test func bashHasTheSameTable() throws {
    let result = try bash(
      "for code in {0..255}; do echo \"$(classify_exit $code)|$(explain_exit $code)\"; done")
    let lines = result.output.split(separator: "\n").map { $0.split(separator: "|").map(String.init) }
    try #require(result.code == 0 && lines.count == 256 && lines.allSatisfy { $0.count == 2 }, "\(result.text)")
    for (code, line) in lines.enumerated() {
      let row = ExitCode(Int32(code))
      #expect(line[0] == row.action.rawValue, "\(code)")
      if (129...192).contains(code) {
        #expect(line[1].hasPrefix(row.meaning + ": SIG"), "\(code): \(line[1])")
      } else {
        #expect(line[1] == row.meaning, "\(code)")
      }
    }
    #expect(lines[137][1] == "a rank was lost: SIGKILL")
  }

  /// A document with the marks has the table between them.
  @Test func theDocumentHasTheSameTable() throws {
    let marks = ("<!-- exit codes: begin -->\n", "<!-- exit codes: end -->")
    let sources = FileManager.default.enumerator(atPath: Self.root.path + "/Sources")
    let names = sources?.compactMap { $0 as? String }.filter { $0.hasSuffix(".md") } ?? []
    let documents = ["README.md"] + names.map { "Sources/" + $0 }
    let texts = try documents.map { try String(contentsOf: Self.root.appending(path: $0), encoding: .utf8) }
      .filter { $0.contains(marks.0) }
    try #require(texts.count == 1, "the mark \(marks.0) has to stand in one document")
    let behind = try #require(texts[0].components(separatedBy: marks.0).last)
    let rows = ExitCode.table.map { "| \($0.label) | \($0.meaning) | \(words($0.action)) |" }
    let table = ["| exit code | meaning | launch scripts |", "| --- | --- | --- |"] + rows
    #expect(behind.components(separatedBy: marks.1)[0] == table.map { $0 + "\n" }.joined())
  }

  private func words(_ action: ExitCode.Action) -> String {
    switch action {
    case .done: "end"
    case .again: "launch again"
    case .lost: "launch again, on other hosts if there are any"
    case .stop: "give up"
    }
  }

  /// Every kind of failure is in the table; only an interruption is launched again.
  @Test func btDistPromisesItsFailures() {
    #expect(ExitCode.promised.map(\.code) == [0, 64, 65, 70, 73, 75])
    for (code, row) in ExitCode.promised {
      #expect(row.action == (code == 0 ? .done : code == 75 ? .again : .stop), "\(code)")
    }
  }

  /// mpirun refuses options with 1, at the start of the first launch: code, seconds, launches before, again.
  @Test(arguments: [
    (1, 29, 0, false), (1, 30, 0, true), (1, 1, 1, true), (75, 0, 0, true), (255, 0, 0, true), (65, 99, 1, false),
    (0, 99, 0, false),
  ])
  func refusedOptionsAreNotTriedAgain(_ code: Int, _ seconds: Int, _ before: Int, _ isAgain: Bool) throws {
    let result = try bash("may_launch_again \(code) \(seconds) \(before)")
    #expect((result.code == 0) == isAgain, "\(result.text)")
  }
}
