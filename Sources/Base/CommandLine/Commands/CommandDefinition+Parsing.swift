import Diagnostics
import Foundation

extension CommandDefinition {
  /// Parses the arguments after the command's name: defaults, then the `--config` file, then the options; later wins.
  ///
  /// All errors are `.usage` failures, several of them as one. Checks across options are made for `.run` only, so that `--print-config` also
  /// shows a configuration that is not complete yet. Relative paths are kept as they are written.
  package func parse(_ arguments: [String]) throws(Failure) -> CommandAction<Target> {
    try parse(arguments, readFile: { (path) throws(Failure) in try ConfigurationFile.read(path: path) })
  }

  /// Like `parse`, with another way to read the configuration file.
  package func parse(
    _ arguments: [String], readFile: (String) throws(Failure) -> Data
  ) throws(Failure) -> CommandAction<Target> {
    try interpret(arguments, readFile: readFile).action()
  }

  /// Like `parse`, but also gives what is right in a call in which something is wrong, so that it can be checked too.
  package func interpret(_ arguments: [String]) -> Interpretation<Target> {
    interpret(arguments, readFile: { (path) throws(Failure) in try ConfigurationFile.read(path: path) })
  }

  func interpret(
    _ arguments: [String], readFile: (String) throws(Failure) -> Data
  ) -> Interpretation<Target> {
    let scanned = scan(arguments)
    var command = ParsedCommand(options: defaults, positionals: scanned.positionals)
    command.texts["config"] = scanned.configurationFile
    if scanned.wantsHelp { return Interpretation(command: command, result: .help(helpText())) }
    var problems = scanned.problems
    command.rejected = scanned.rejected
    var isFileRead = true
    if let path = scanned.configurationFile {
      if let file = problems.attempt({ try ConfigurationFile(path: path, bytes: try readFile(path)) }) {
        command.rejected.formUnion(
          table.apply(file, to: &command.options, origins: &command.origins, &problems))
      } else {
        isFileRead = false
      }
    }
    for (name, text) in scanned.assignments {
      let isSet = problems.attempt { try table[name]!.set(&command.options, text: text) } != nil
      if isSet { command.rejected.remove(name) } else { command.rejected.insert(name) }
      command.origins[name] = .commandLine
      command.texts[name] = text
    }
    // What the file has of them is not known.
    if !isFileRead { command.rejected.formUnion(options.map(\.name).filter { command.origins[$0] != .commandLine }) }
    complete(&command)
    if scanned.wantsConfiguration {
      var text = configurationText(command)
      if let name = scanned.wantedOption { text = problems.attempt { try valueText(name, command) } ?? text }
      return Interpretation(command: command, result: .printConfiguration(text), problems: problems)
    }
    if scanned.problems.isEmpty { problems.attempt { try checkPositionals(command.positionals) } }
    problems.attempt { try validate(command) }
    return Interpretation(command: command, result: .run(command), problems: problems)
  }

  private func checkPositionals(_ arguments: [String]) throws(Failure) {
    let range = positionals?.count ?? 0...0
    if range.contains(arguments.count) { return }
    let name = positionals?.name ?? "argument"
    let expected =
      switch (range.lowerBound, range.upperBound) {
      case (let lower, Int.max): "at least \(lower) \(name)"
      case (let lower, let upper) where lower == upper: "\(lower) \(name)"
      case (let lower, let upper): "\(lower) to \(upper) \(name)"
      }
    throw Failure(
      .usage, arguments.count < range.lowerBound ? "an argument is missing" : "too many arguments",
      at: "bt-dist \(self.name)", expected: expected,
      found: arguments.isEmpty ? "none" : arguments.map { "'\($0)'" }.joined(separator: " "),
      remedy: "bt-dist \(synopsis.first ?? self.name)")
  }

  /// The value of one option as the command line spells it, on a line: for scripts, which need not read JSON5 then.
  private func valueText(_ name: String, _ command: ParsedCommand<Target>) throws(Failure) -> String {
    if let option = option(name) { return option.text(in: command.options) + "\n" }
    throw Failure(
      .usage, "there is no option '\(name)'", at: "--print-config", expected: "nothing, or =OPTION",
      remedy: table.question(for: name, prefix: "--"))
  }

  /// Every option's value with its origin as a comment: JSON5 that `--config` reads again.
  func configurationText(_ command: ParsedCommand<Target>) -> String {
    let members = groups.map { group in
      (
        title: group.title,
        lines: group.options.map { option in
          (
            text: "  \(option.name.quotedJSON): \(option.value(in: command.options)),",
            origin: command.origin(of: option.name).description
          )
        }
      )
    }
    let lengths = members.flatMap { $0.lines.map(\.text.count) }
    let column = lengths.filter { $0 <= 56 }.max() ?? 0
    var text = "// bt-dist \(name): later wins of defaults, configuration file, command line.\n{\n"
    for (title, lines) in members {
      text += "  // \(title)\n"
      for line in lines {
        let origin = String(line.origin.unicodeScalars.map { $0.properties.isWhitespace ? " " : Character($0) })
        text += line.text + String(repeating: " ", count: max(0, column - line.text.count)) + "  // \(origin)\n"
      }
    }
    return text + "}\n"
  }
}
