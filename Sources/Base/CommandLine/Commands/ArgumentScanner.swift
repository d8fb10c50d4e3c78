import Diagnostics

/// A command's arguments split into options with their texts and positional arguments.
struct ScannedArguments {
  var assignments: [(name: String, text: String)] = []
  var positionals: [String] = []
  var wantsHelp = false
  var wantsConfiguration = false
  /// The option that `--print-config=OPTION` asks for.
  var wantedOption: String?
  /// The file of the last `--config`.
  var configurationFile: String?
}

extension CommandDefinition {
  /// Splits the arguments after the command's name; throws for unknown options, missing values and stray arguments.
  ///
  /// Once `--help` has been seen, nothing is an error: those who ask for help should get it.
  func scan(_ arguments: [String]) throws(Failure) -> ScannedArguments {
    var scanned = ScannedArguments()
    if arguments.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
      scanned.wantsHelp = true
      return scanned
    }
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        scanned.positionals += rest
        break
      }
      if !argument.hasPrefix("-") || argument == "-" {
        if positionals == nil { throw stray(argument, in: arguments) }
        scanned.positionals.append(argument)
        continue
      }
      if !argument.hasPrefix("--") { throw shortOption(argument) }
      let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let (word, inlineText) = (String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
      let name = OptionTable<Target>.canonical(word)
      if takesConfigurationFile, name == "config" {
        scanned.configurationFile = try text(of: name, "FILE", "the path of a file", inlineText, &rest)
      } else if takesConfigurationFile, name == "print-config" {
        scanned.wantsConfiguration = true
        scanned.wantedOption = inlineText
      } else if let option = option(name) {
        if option.isFlag && inlineText == nil {
          let isValue = rest.first == "true" || rest.first == "false"
          scanned.assignments.append((option.name, isValue ? rest.removeFirst() : "true"))
        } else {
          let text = try text(of: option.name, option.placeholder, option.expected, inlineText, &rest)
          scanned.assignments.append((option.name, text))
        }
      } else {
        throw unknownOption(word)
      }
    }
    return scanned
  }

  /// The text of an option: what follows `=`, or the next argument if that is not an option.
  private func text(
    of name: String, _ placeholder: String, _ expected: String, _ inlineText: String?,
    _ rest: inout ArraySlice<String>
  ) throws(Failure) -> String {
    if let inlineText { return inlineText }
    if let next = rest.first, !next.hasPrefix("--") { return rest.removeFirst() }
    throw Failure(
      .usage, "a value is missing", at: "--\(name)", expected: expected,
      found: rest.first.map { "the option \($0)" } ?? "the end of the command line",
      remedy: "write --\(name) \(placeholder)")
  }

  private func unknownOption(_ word: String) -> Failure {
    let others = ["help"] + (takesConfigurationFile ? ["config", "print-config"] : [])
    let question = table.question(for: word, prefix: "--", others: others)
    return Failure(
      .usage, "unknown option --\(word)", at: "bt-dist \(name)",
      remedy: (question.map { $0 + " " } ?? "") + "`bt-dist \(name) --help` lists all options")
  }

  private func shortOption(_ argument: String) -> Failure {
    let word = argument.drop { $0 == "-" }.split(separator: "=").first.map(String.init) ?? ""
    let question = option(word).map { "write --\($0.name)" } ?? table.question(for: word, prefix: "--")
    return Failure(
      .usage, "unknown option \(argument): options are long words after two hyphens", at: "bt-dist \(name)",
      remedy: (question.map { $0 + "; " } ?? "") + "`bt-dist \(name) --help` lists all options")
  }

  private func stray(_ argument: String, in arguments: [String]) -> Failure {
    let before = arguments.firstIndex(of: argument).flatMap { $0 > 0 ? arguments[$0 - 1] : nil }
    var remedy = "`bt-dist \(name) --help` lists the options; \(name) takes nothing else"
    if let before, before.hasPrefix("--"), let option = option(String(before.dropFirst(2))), option.isFlag {
      remedy = "\(before) takes true or false"
    } else if let option = option(argument) {
      remedy = "write --\(option.name) with two hyphens"
    }
    return Failure(.usage, "unexpected argument '\(argument)'", at: "bt-dist \(name)", remedy: remedy)
  }
}
