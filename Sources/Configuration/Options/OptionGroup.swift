import Diagnostics

/// Options that the help shows under one title.
public struct OptionGroup<Target>: Sendable {
  public let title: String
  public let options: [OptionDefinition<Target>]

  public init(_ title: String, _ options: [OptionDefinition<Target>]) {
    self.title = title
    self.options = options
  }
}

/// Where an option's value comes from.
public enum ValueOrigin: Sendable, Equatable {
  case `default`
  case file(path: String, line: Int)
  case commandLine

  /// `default`, `run.json5, line 3` or `command line`.
  public var description: String {
    switch self {
    case .default: "default"
    case .file(let path, let line): "\(path), line \(line)"
    case .commandLine: "command line"
    }
  }

  /// Where an error about the option `name` points: `run.json5, line 3, key 'width'` or `--width`.
  public func location(of name: String) -> String {
    if case .file = self { "\(description), key '\(name)'" } else { "--\(name)" }
  }
}

/// The origins of the values that are not defaults, by option name.
public typealias ValueOrigins = [String: ValueOrigin]

extension ValueOrigins {
  func location(of name: String) -> String { self[name, default: .default].location(of: name) }
}

/// The options of a command by name; underscores count as hyphens, as nidl spells its parameters.
struct OptionTable<Target>: Sendable {
  let options: [OptionDefinition<Target>]
  private let indices: [String: Int]

  /// The names must differ.
  init(_ groups: [OptionGroup<Target>]) {
    options = groups.flatMap(\.options)
    indices = Dictionary(uniqueKeysWithValues: options.enumerated().map { ($1.name, $0) })
  }

  subscript(name: String) -> OptionDefinition<Target>? { indices[OptionTable.canonical(name)].map { options[$0] } }

  static func canonical(_ name: String) -> String { String(name.map { $0 == "_" ? "-" : $0 }) }

  /// `did you mean --batch-size?` for a name that is none, with `prefix` before each name; nil if nothing is near.
  ///
  /// `others` are names that may be meant and are not in the table.
  func question(for name: String, prefix: String, others: [String] = []) -> String? {
    let name = OptionTable.canonical(name)
    if let option = options.first(where: { $0.synonyms.contains(name.lowercased()) }) {
      return "did you mean \(prefix)\(option.name)?"
    }
    if name.hasPrefix("no-"), let option = self[String(name.dropFirst(3))], option.isFlag {
      return prefix.isEmpty ? "write '\(option.name)': false" : "write \(prefix)\(option.name) false"
    }
    return NearestName.question(for: name, among: options.map(\.name) + others, prefix: prefix)
  }

  /// Sets the fields that a configuration file names, and notes their lines in `origins`.
  ///
  /// Unknown keys, a key in both spellings, and values of a wrong kind or range are failures that name file, line
  /// and key.
  func apply(_ file: ConfigurationFile, to target: inout Target, origins: inout ValueOrigins) throws(Failure) {
    var lines: [String: Int] = [:]
    for member in file.members {
      let origin = ValueOrigin.file(path: file.path, line: member.line)
      guard let option = self[member.key] else {
        throw Failure(
          .usage, "unknown key '\(member.key)'", at: origin.description,
          remedy: question(for: member.key, prefix: "") ?? "the keys are the options that the command's --help lists")
      }
      if let first = lines.updateValue(member.line, forKey: option.name) {
        throw Failure(
          .usage, "the option '\(option.name)' stands twice, first on line \(first)", at: origin.description,
          remedy: "keep one of the two")
      }
      try option.set(&target, json: member.value, at: origin.location(of: option.name))
      origins[option.name] = origin
    }
  }
}
