import Synchronization

/// How messages name an option: as the shell spells it, or as a program does.
///
/// Libraries write `\(option: "batch-size")`, and readers of the message get the word that they can use.
package enum OptionSpelling: Int, Sendable {
  /// `batchSize`, a property of `TrainingConfiguration`.
  case program
  /// `--batch-size`
  case commandLine

  private static let process = Atomic(OptionSpelling.program.rawValue)
  /// For tests, which share one process.
  @TaskLocal package static var override: OptionSpelling?

  /// The spelling in this process; a program's, unless the command line has said otherwise before the first message.
  package static var current: OptionSpelling {
    override ?? OptionSpelling(rawValue: process.load(ordering: .relaxed)) ?? .program
  }

  /// From here on, messages of this process name options as the shell does.
  package static func useCommandLine() { process.store(OptionSpelling.commandLine.rawValue, ordering: .relaxed) }

  /// - Parameter option: in kebab case: `batch-size`.
  package func name(_ option: String) -> String {
    guard self == .program else { return "--" + option }
    return Self.properties[option] ?? Self.camelCase(option)
  }

  /// Options whose property has another name.
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

  /// A shell command that does something for the reader: `bt-dist replay --bad-batch FILE`; in a program only the
  /// command's name, with what it needs.
  package mutating func appendInterpolation(command: String, option: String, _ value: String) {
    switch OptionSpelling.current {
    case .commandLine: appendLiteral("bt-dist \(command) --\(option) \(value)")
    case .program: appendLiteral("`bt-dist \(command)` and \(value)")
    }
  }
}
