import Diagnostics

/// Options that the help shows under one title.
package struct OptionGroup<Target>: Sendable {
  package let title: String
  package let options: [OptionDefinition<Target>]

  package init(_ title: String, _ options: [OptionDefinition<Target>]) {
    self.title = title
    self.options = options
  }
}

/// Where an option's value comes from.
package enum ValueOrigin: Sendable, Equatable {
  case `default`
  /// - Parameter line: that of the option's key, counted from 1.
  case file(path: String, line: Int)
  case commandLine

  /// `default`, `run.json5` or `command line`.
  package var description: String {
    switch self {
    case .default: "default"
    case .file(let path, _): path
    case .commandLine: "command line"
    }
  }

  /// Where an error about the option `name` points: `run.json5, line 3, key 'width'`, `--width`, or in a program `width`.
  package func location(of name: String) -> String {
    if case .file(let path, let line) = self { "\(path), line \(line), key '\(name)'" } else { "\(option: name)" }
  }
}

/// The origins of the values that are not defaults, by option name.
package typealias ValueOrigins = [String: ValueOrigin]

extension ValueOrigins {
  package func location(of name: String) -> String { self[name, default: .default].location(of: name) }
}

/// The options of a command by name; underscores count as hyphens, as nidl spells its parameters.
package struct OptionTable<Target>: Sendable {
  package let options: [OptionDefinition<Target>]
  private let indices: [String: Int]
  /// Options of older versions: files may still hold them, with `null` for no value.
  private let retired: Set<String>

  /// The names must differ.
  package init(_ groups: [OptionGroup<Target>], retired: Set<String> = []) {
    self.retired = retired
    options = groups.flatMap(\.options)
    indices = Dictionary(uniqueKeysWithValues: options.enumerated().map { ($1.name, $0) })
  }

  package subscript(name: String) -> OptionDefinition<Target>? {
    indices[OptionTable.canonical(name)].map { options[$0] }
  }

  static func canonical(_ name: String) -> String { String(name.map { $0 == "_" ? "-" : $0 }) }

  /// `did you mean --batch-size?` for an unknown name, with `prefix` before each name; nil if nothing is near.
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

  /// The options that an unknown name may stand for.
  func candidates(for name: String) -> [String] {
    let name = OptionTable.canonical(name)
    if let option = options.first(where: { $0.synonyms.contains(name.lowercased()) }) { return [option.name] }
    if name.hasPrefix("no-"), let option = self[String(name.dropFirst(3))], option.isFlag { return [option.name] }
    return NearestName.candidates(for: name, among: options.map(\.name))
  }

  /// Sets the fields that a configuration file names, in its order, and notes file and line in `origins`.
  ///
  /// Unknown keys, a key in both spellings, and values of the wrong kind or range are failures that name file, line and
  /// key; all of them are thrown as one.
  package func apply(_ file: ConfigurationFile, to target: inout Target, origins: inout ValueOrigins) throws(Failure) {
    var problems = FailureCollector()
    apply(file, to: &target, origins: &origins, &problems)
    try problems.end()
  }

  /// Like the other `apply`, and goes on: what is right in the file is set, and what is wrong is in `problems`.
  ///
  /// Returns the options that were meant by what is wrong.
  @discardableResult
  package func apply(
    _ file: ConfigurationFile, to target: inout Target, origins: inout ValueOrigins,
    _ problems: inout FailureCollector
  ) -> Set<String> {
    var (lines, rejected): ([String: Int], Set<String>) = ([:], [])
    for member in file.members {
      if member.value == .null, retired.contains(member.key) { continue }
      guard let option = self[member.key] else {
        problems.add(unknownKey(member, of: file))
        rejected.formUnion(candidates(for: member.key))
        continue
      }
      let origin = ValueOrigin.file(path: file.path, line: member.line)
      let location = origin.location(of: option.name)
      origins[option.name] = origin
      if let line = lines.updateValue(member.line, forKey: option.name) {
        problems.add(
          Failure(
            .usage, "the option is given twice", at: location, expected: "one key for it",
            found: "'\(member.key)', and another spelling in line \(line)", remedy: "keep one of the two spellings"))
        rejected.insert(option.name)
      } else if problems.attempt({ try option.set(&target, json: member.value, at: location) }) == nil {
        rejected.insert(option.name)
      }
    }
    return rejected
  }

  private func unknownKey(_ member: ConfigurationFile.Member, of file: ConfigurationFile) -> Failure {
    Failure(
      .usage, "unknown key '\(member.key)'", at: "\(file.path), line \(member.line)",
      remedy: question(for: member.key, prefix: "")
        ?? "the keys are the options that the command's \(option: "help") lists")
  }
}
