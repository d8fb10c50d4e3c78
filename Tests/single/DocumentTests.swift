import Foundation
import Testing

/// Documents and messages that a change elsewhere would make untrue.
@Suite struct DocumentTests {
  private let repository = ArchitectureTests.repository

  private func files(below folder: String, ending: String) throws -> [URL] {
    let all = try #require(
      FileManager.default.enumerator(at: repository.appending(path: folder), includingPropertiesForKeys: nil))
    return all.compactMap { $0 as? URL }.filter { $0.pathExtension == ending }
  }

  @Test func theReadmeIsShort() throws {
    let bytes = try Data(contentsOf: repository.appending(path: "README.md")).count
    #expect(bytes <= 10_000)
  }

  /// Every file that a document names is there; the history may name what is gone.
  @Test func filesThatAreNamedAreThere() throws {
    let documents = [repository.appending(path: "README.md")] + (try files(below: "Sources", ending: "md"))
    #expect(documents.count > 10)
    for document in documents where document.lastPathComponent != "Changes.md" {
      let text = try String(contentsOf: document, encoding: .utf8)
      let places = text.matches(of: #/(?:`|\]\(|\]: )((?:Sources|Tests|launch|hostfiles|\.ci)/[\w.+\-/]+)/#)
      for place in places.map({ String($0.output.1) }) {
        #expect(
          FileManager.default.fileExists(atPath: repository.appending(path: place).path),
          "\(document.lastPathComponent) names \(place)")
      }
    }
  }

  /// Messages name options by `\(option: …)`, which a program reads as a property. Only the command line's own texts
  /// are spelled for the shell: its options, their help, and commands.
  @Test func messagesSpellNoOptionsForTheShell() throws {
    let shells = [
      "Sources/Base/CommandLine/", "Sources/Base/Diagnostics/OptionSpelling", "Sources/Run/Configuration/TrainOptions",
      "Sources/Run/Configuration/TrainingConfiguration+Command",
      "Sources/Tools/Benchmarking/BenchConfiguration+Command", "Sources/Tools/Doctor/",
      "Sources/Program/bt-dist/",
    ]
    let sources = try files(below: "Sources", ending: "swift")
    #expect(sources.count > 200)
    for file in sources where !shells.contains(where: { file.path.contains($0) }) {
      let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      for (number, line) in lines.enumerated() {
        let code = line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex)
        // Options of other programs are theirs.
        guard code.contains(#/(^|[^\w-])--[a-z]/#), !code.contains(#/(srun|mpirun) --/#) else { continue }
        Issue.record("\(file.path):\(number + 1) spells an option for the shell: \(line)")
      }
    }
  }
}
