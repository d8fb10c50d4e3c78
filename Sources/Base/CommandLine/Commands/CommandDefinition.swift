import Diagnostics

/// A command of `bt-dist`: its options, its positional arguments, and what its help says.
///
/// All commands share one grammar: long options (`--name value` or `--name=value`; a boolean without a value is true),
/// the last of a repeated option, `--` before arguments that begin with a hyphen, `--help` anywhere.
package struct CommandDefinition<Target: Sendable>: Sendable {
  /// `train`
  package let name: String
  /// One sentence: what the command does.
  package let summary: String
  /// Ways to call the command, without `bt-dist`.
  package let synopsis: [String]
  package let examples: [CommandExample]
  package let groups: [OptionGroup<Target>]
  /// nil: the command takes no positional arguments.
  package let positionals: PositionalArguments?
  /// Whether `--config FILE` and `--print-config` belong to the command.
  package let takesConfigurationFile: Bool
  package let defaults: Target
  /// Fills in what follows from other options, before `--print-config` prints.
  let complete: @Sendable (inout ParsedCommand<Target>) -> Void
  /// Checks across options, before the command runs.
  let validate: @Sendable (ParsedCommand<Target>) throws(Failure) -> Void
  let table: OptionTable<Target>

  /// - Parameter retired: options of older versions, which a configuration file may still have without a value.
  ///
  /// Option names must differ, and none may be `help`, `config` or `print-config`.
  package init(
    name: String, summary: String, synopsis: [String], examples: [CommandExample], groups: [OptionGroup<Target>],
    positionals: PositionalArguments? = nil, takesConfigurationFile: Bool = false, retired: Set<String> = [],
    defaults: Target,
    complete: @escaping @Sendable (inout ParsedCommand<Target>) -> Void = { _ in },
    validate: @escaping @Sendable (ParsedCommand<Target>) throws(Failure) -> Void = { (_) throws(Failure) in }
  ) {
    self.name = name
    self.summary = summary
    self.synopsis = synopsis
    self.examples = examples
    self.groups = groups
    self.positionals = positionals
    self.takesConfigurationFile = takesConfigurationFile
    self.defaults = defaults
    self.complete = complete
    self.validate = validate
    self.table = OptionTable(groups, retired: retired)
  }

  /// All options in the order of the help.
  package var options: [OptionDefinition<Target>] { table.options }

  /// The option of this name, in kebab case or with underscores.
  package func option(_ name: String) -> OptionDefinition<Target>? { table[name] }
}

/// A call that the help shows, with what it is for.
package struct CommandExample: Sendable {
  package let purpose: String
  package let call: String

  package init(_ purpose: String, _ call: String) {
    self.purpose = purpose
    self.call = call
  }
}

/// The arguments of a command that are not options.
package struct PositionalArguments: Sendable {
  /// In the help and in errors: `RUN`.
  package let name: String
  package let help: String
  package let count: ClosedRange<Int>

  package init(_ name: String, _ help: String, count: ClosedRange<Int>) {
    self.name = name
    self.help = help
    self.count = count
  }
}

/// The options of one call, and where each value that is not a default comes from.
package struct ParsedCommand<Target: Sendable>: Sendable {
  package var options: Target
  package var origins: ValueOrigins
  package var positionals: [String]
  /// What the command line said, as it stood there: for whoever looks for the files that it names. `config` is the
  /// configuration file.
  package var texts: [String: String] = [:]

  package init(options: Target, origins: ValueOrigins = [:], positionals: [String] = []) {
    self.options = options
    self.origins = origins
    self.positionals = positionals
  }

  /// Where the value of the option comes from.
  package func origin(of name: String) -> ValueOrigin { origins[name, default: .default] }
}

/// What a call asks for.
package enum CommandAction<Target: Sendable>: Sendable {
  /// Print this help and exit with 0.
  case help(String)
  /// Print this configuration and exit with 0.
  case printConfiguration(String)
  case run(ParsedCommand<Target>)
}
