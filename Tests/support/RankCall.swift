import Diagnostics
import Foundation

/// How some ranks of a job are started: one application context of `mpirun`.
package struct RankCall: Sendable {
  /// `bt-dist`, `rank-probe`, or the path of another program.
  package var program: String
  package var arguments: [String]
  package var ranks: Int
  /// Set for these ranks only.
  package var environment: [String: String]
  /// The working folder; nil: that of `mpirun`.
  package var folder: String?

  package init(
    _ program: String, _ arguments: [String], ranks: Int = 1, environment: [String: String] = [:],
    folder: String? = nil
  ) {
    (self.program, self.arguments, self.ranks) = (program, arguments, ranks)
    (self.environment, self.folder) = (environment, folder)
  }

  /// The program's full path. Those of this package lie next to the test program.
  package var path: String {
    get throws {
      let products = URL(fileURLWithPath: CommandLine.arguments[0]).standardizedFileURL.deletingLastPathComponent().path
      let path = program.hasPrefix("/") ? program : products + "/" + program
      guard FileManager.default.isExecutableFile(atPath: path) else {
        throw Failure(.defect, "the program was not built", at: path, remedy: "start the tests with launch/test")
      }
      return path
    }
  }

  /// The arguments of `mpirun`. The environment is set by `env`, which then becomes the program.
  var context: [String] {
    get throws {
      let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      let start = ["-np", "\(ranks)"] + (folder.map { ["-wdir", $0] } ?? [])
      return start + (variables.isEmpty ? [] : ["env"] + variables) + [try path] + arguments
    }
  }
}
