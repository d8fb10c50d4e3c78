import Diagnostics

/// The commands of `bt-dist`, for its own `--help` and for mistyped commands.
package struct CommandOverview: Sendable {
  /// Names and summaries in the order of the help.
  package let commands: [(name: String, summary: String)]

  package init(_ commands: [(name: String, summary: String)]) { self.commands = commands }

  package var helpText: String {
    let width = (commands.map(\.name.count).max() ?? 0) + 4
    let lines = commands.map { command in
      var lines = wrapped(command.summary, width: 100, indent: width)
      let head = "  \(command.name)"
      lines[0] = head + lines[0].dropFirst(head.count)
      return lines.joined(separator: "\n")
    }
    return """
      bt-dist: distributed Barlow Twins on CPU clusters.

      Usage:
        bt-dist COMMAND [options]
        mpirun -n RANKS bt-dist train [options]

      Commands:
      \(lines.joined(separator: "\n"))

      `bt-dist COMMAND --help` says more about one of them.

      """
  }

  /// The failure for a first argument that is not a command.
  package func unknown(_ word: String) -> Failure {
    let question = NearestName.question(for: word, among: commands.map(\.name))
    return Failure(
      .usage, "unknown command '\(word)'", at: "bt-dist",
      expected: "one of " + commands.map(\.name).joined(separator: ", "),
      remedy: question ?? "`bt-dist --help` says what each of them does")
  }
}
