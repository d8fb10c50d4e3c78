import Diagnostics

/// What a call of a command says, and everything that is wrong with it.
package struct Interpretation<Target: Sendable> {
  /// What could be understood; `rejected` has the options that could not.
  package let command: ParsedCommand<Target>
  private let result: CommandAction<Target>
  package var problems: FailureCollector

  init(command: ParsedCommand<Target>, result: CommandAction<Target>, problems: FailureCollector = FailureCollector()) {
    self.command = command
    self.result = result
    self.problems = problems
  }

  /// Whether the call asks for a run, in which something is wrong.
  package var isWrongRun: Bool {
    if case .run = result { !problems.isEmpty } else { false }
  }

  /// What the call asks for; throws one failure for all that is wrong.
  package func action() throws(Failure) -> CommandAction<Target> {
    try problems.end()
    return result
  }
}
