import Diagnostics
import Foundation

extension CommandDefinition {
  /// Parses the arguments after the command's name: defaults, then the `--config` file, then the options; later wins.
  ///
  /// All errors are `.usage` failures. Checks across options are made for `.run` only, so that `--print-config` also
  /// shows a configuration that is not complete yet. Relative paths are kept as they are written.
  package func parse(_ arguments: [String]) throws(Failure) -> CommandAction<Target> {
    try parse(arguments, readFile: { (path) throws(Failure) in try ConfigurationFile.read(path: path) })
  }

  /// Like `parse`, with another way to read the configuration file.
  package func parse(
    _ arguments: [String], readFile: (String) throws(Failure) -> Data
  ) throws(Failure) -> CommandAction<Target> {
    let scanned = try scan(arguments)
    if scanned.wantsHelp { return .help(helpText()) }
    var command = ParsedCommand(options: defaults, positionals: scanned.positionals)
    command.texts["config"] = scanned.configurationFile
    if let path = scanned.configurationFile {
      let file = try ConfigurationFile(path: path, bytes: try readFile(path))
      try table.apply(file, to: &command.options, origins: &command.origins)
    }
    for (name, text) in scanned.assignments {
      try table[name]!.set(&command.options, text: text)
      command.origins[name] = .commandLine
      command.texts[name] = text
    }
    complete(&command.options)
    if let name = scanned.wantedOption { return .printConfiguration(try valueText(name, command)) }
    if scanned.wantsConfiguration { return .printConfiguration(configurationText(command)) }
    try checkPositionals(command.positionals)
    try validate(command)
    return .run(command)
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
