import CommandLine
import Configuration
import Diagnostics
import Foundation
import TestSupport
import Testing

/// `--print-config=OPTION`, by which scripts ask for one value.
@Suite(.commandLine) struct PrintedOptionTests {
  private func printed(_ arguments: [String], file: String = "{}") throws -> String? {
    let action = try TrainingConfiguration.command.parse(arguments) { (_) throws(Failure) in Data(file.utf8) }
    guard case .printConfiguration(let text) = action else { return nil }
    return text
  }

  /// As the command line spells it: no quotes, no escapes.
  @Test func aValueIsPrintedAsItIsWritten() throws {
    let file = #"{out: "a \u0022b\u0022 \\", lambd: 0.25}"#
    #expect(try printed(["--config", "x", "--print-config=out"], file: file) == "a \"b\" \\\n")
    #expect(try printed(["--config", "x", "--print-config=lambd"], file: file) == "0.25\n")
    #expect(try printed(["--print-config=out", "--config", "x", "--out", "-r"], file: file) == "-r\n")
    #expect(try printed(["--print-config=out"]) == "\n")
    #expect(try printed(["--print-config=batch_size", "--batch-size", "8"]) == "8\n")
  }

  @Test func anOptionThatIsNotThereIsAnError() throws {
    let failure = #expect(throws: Failure.self) { try printed(["--print-config=outt"]) }
    #expect(failure?.kind == .usage && failure?.description.contains("--out") == true, "\(String(describing: failure))")
  }
}
