import Synchronization

/// How messages name an option: as the shell spells it, or as a program does.
///
/// Libraries write `\(option: "batch-size")`, and who reads the message gets the word that he or she can use.
package enum OptionSpelling: Int, Sendable {
  /// `batchSize`, a property of `TrainingConfiguration`.
  case program
  /// `--batch-size`
  case commandLine

  private static let process = Atomic(OptionSpelling.program.rawValue)
  /// For tests, which share one process.
  @TaskLocal package static var override: OptionSpelling?

  /// That of this process; a program's, unless the command line has said otherwise before the first message.
  package static var current: OptionSpelling {
    override ?? OptionSpelling(rawValue: process.load(ordering: .relaxed)) ?? .program
  }

  /// From here on messages of this process speak to the shell.
  package static func useCommandLine() { process.store(OptionSpelling.commandLine.rawValue, ordering: .relaxed) }

  /// - Parameter option: in kebab case: `batch-size`.
  package func name(_ option: String) -> String {
    guard self == .program else { return "--" + option }
    return Self.properties[option] ?? Self.camelCase(option)
  }

  /// Options whose property has a name of its own.
  package static let properties = ["init": "initialParameters", "kernel-table": "kernels"]

  private static func camelCase(_ option: String) -> String {
    let words = option.split(separator: "-")
    return words.prefix(1).joined() + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}

extension DefaultStringInterpolation {
  /// The option as this process spells it: `--batch-size` or `batchSize`.
  package mutating func appendInterpolation(option: String) {
    appendLiteral(OptionSpelling.current.name(option))
  }

  /// A call of the shell's that does something for the reader: `bt-dist replay --bad-batch FILE`; a program is told the command
  /// alone, with what it needs.
  package mutating func appendInterpolation(command: String, option: String, _ value: String) {
    switch OptionSpelling.current {
    case .commandLine: appendLiteral("bt-dist \(command) --\(option) \(value)")
    case .program: appendLiteral("`bt-dist \(command)` and \(value)")
    }
  }
}
