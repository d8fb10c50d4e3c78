import Diagnostics

extension CommandDefinition {
  /// The help in the widths of a terminal: synopsis, examples, options by group with their defaults, exit codes.
  package func helpText(width: Int = 100) -> String {
    var blocks = [wrapped("bt-dist \(name): \(summary)", width: width, indent: 0).joined(separator: "\n")]
    blocks.append((["Usage:"] + synopsis.map { "  bt-dist \($0)" }).joined(separator: "\n"))
    if !examples.isEmpty {
      let lines = examples.flatMap { ["  # \($0.purpose)", "  \($0.call)"] }
      blocks.append((["Examples:"] + lines).joined(separator: "\n"))
    }
    if let positionals {
      blocks.append((["Arguments:"] + entry(positionals.name, positionals.help, width: width)).joined(separator: "\n"))
    }
    for group in groups {
      let entries = group.options.flatMap { entry(head($0), "\($0.help) \(defaultNote($0))", width: width) }
      blocks.append((["\(group.title):"] + entries).joined(separator: "\n"))
    }
    blocks.append((["Configuration and help:"] + generalEntries(width: width)).joined(separator: "\n"))
    let codes = ExitCode.promised.flatMap { code, row in
      let advice = row.action == .again ? ": launch the same command again to resume" : ""
      return entry("\(code)", row.meaning + advice, width: width, column: 6)
    }
    blocks.append((["Exit codes:"] + codes).joined(separator: "\n"))
    return blocks.joined(separator: "\n\n") + "\n"
  }

  private func generalEntries(width: Int) -> [String] {
    var entries: [String] = []
    if takesConfigurationFile {
      entries += entry(
        "--config FILE",
        "A JSON5 file (comments allowed) whose keys are the options above. Later wins: defaults, file, command line.",
        width: width)
      entries += entry(
        "--print-config[=OPTION]",
        "Prints every value and where it comes from, as a file for --config, and exits; or one option's value.",
        width: width)
    }
    return entries + entry("--help", "Prints this help and exits.", width: width)
  }

  /// `--shuffle [true|false]`
  private func head(_ option: OptionDefinition<Target>) -> String {
    "--\(option.name) " + (option.isFlag ? "[\(option.placeholder)]" : option.placeholder)
  }

  private func defaultNote(_ option: OptionDefinition<Target>) -> String {
    let text = option.defaultText ?? option.text(in: defaults)
    return text.isEmpty || text == "null" ? "" : "(default: \(text))"
  }

  /// A name on the left and a text in a column on the right; a long name gets a line of its own.
  private func entry(_ head: String, _ text: String, width: Int, column: Int = 34) -> [String] {
    var lines = wrapped(text, width: width, indent: column)
    let head = "  \(head)"
    if head.count + 2 <= column, let first = lines.first {
      lines[0] = head + first.dropFirst(head.count)
      return lines
    }
    return [head] + lines
  }
}

/// Breaks a text at spaces; every line begins with `indent` spaces, and a word longer than a line stands alone.
func wrapped(_ text: String, width: Int, indent: Int) -> [String] {
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    if !line.isEmpty, indent + line.count + 1 + word.count > width {
      lines.append(line)
      line = ""
    }
    line += (line.isEmpty ? "" : " ") + word
  }
  return (lines + [line]).map { String(repeating: " ", count: indent) + $0 }
}
