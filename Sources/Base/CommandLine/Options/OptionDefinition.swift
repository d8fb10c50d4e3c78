import Diagnostics
import JSON

/// Whether an option may have another value when a run is resumed.
package enum ResumeRule: Sendable {
  /// The option belongs to the run: another value would be another run, or other numbers.
  case mustMatch
  /// The option says how, where or how long: the steps themselves stay the same.
  case mayChange
}

/// Whether the ranks of one job may be given different values of an option.
package enum RankRule: Sendable {
  case mustMatch
  /// The option says how a rank does its own work.
  case mayDiffer
}

/// An option of a command: its name, its field in `Target`, how its values are written, and what the help says.
package struct OptionDefinition<Target>: Sendable {
  /// In kebab case, without the dashes: `batch-size`. Also the key in configuration files.
  package let name: String
  package let placeholder: String
  /// What a value must be: `an integer of at least 1`.
  package let expected: String
  /// One sentence or two.
  package let help: String
  /// What the help shows as the default, where the value in a new `Target` would say too little.
  package let defaultText: String?
  /// Names that people try for this option; errors lead from them to `name`.
  package let synonyms: [String]
  package let onResume: ResumeRule
  package let acrossRanks: RankRule
  /// A boolean, which needs no value on the command line.
  package let isFlag: Bool
  let field: FieldAccess<Target>

  package init<Value>(
    _ name: String, _ path: any WritableKeyPath<Target, Value> & Sendable, _ format: ValueFormat<Value>,
    _ help: String, defaultText: String? = nil, synonyms: [String] = [], onResume: ResumeRule = .mustMatch,
    acrossRanks: RankRule = .mustMatch
  ) {
    self.name = name
    self.placeholder = format.placeholder
    self.expected = format.expected
    self.help = help
    self.defaultText = defaultText
    self.synonyms = synonyms
    self.onResume = onResume
    self.acrossRanks = acrossRanks
    self.isFlag = Value.self == Bool.self
    self.field = FieldAccess(path, format)
  }

  /// The value in `target`.
  package func value(in target: Target) -> JSONValue { field.get(target) }

  /// The value in `target` as the command line spells it: strings without quotes, lists of numbers with commas.
  package func text(in target: Target) -> String {
    switch value(in: target) {
    case .string(let text): text
    case .array(let values) where values.allSatisfy { $0.double != nil }:
      values.map(\.description).joined(separator: ",")
    case let value: value.description
    }
  }

  /// Sets the field from the text of a command line.
  package func set(_ target: inout Target, text: String) throws(Failure) {
    if !field.setText(&target, text) {
      throw inner(.string(text), at: "--\(name)")
        ?? failure(at: "--\(name)", found: "'\(text)'", remedy: field.remedy(text))
    }
  }

  /// Sets the field from a value of a configuration file; `location` names file and key.
  package func set(_ target: inout Target, json: JSONValue, at location: String) throws(Failure) {
    if field.setJSON(&target, json) { return }
    // Only on the command line a string is a text with parts.
    let inner = json.string == nil ? inner(json, at: location) : nil
    throw inner ?? failure(at: location, found: json)
  }

  /// Throws if the value in `target`, set by a program, is out of the option's range.
  package func check(_ target: Target, at location: String? = nil) throws(Failure) {
    var copy = target
    let value = value(in: target)
    let location = location ?? "\(option: name)"
    if !field.setJSON(&copy, value) { throw inner(value, at: location) ?? failure(at: location, found: value) }
  }

  /// What is wrong inside a value that has parts.
  private func inner(_ value: JSONValue, at location: String) -> Failure? {
    guard var failure = field.explain(value) else { return nil }
    failure.location = [location, failure.location].compactMap { $0 }.joined(separator: ", ")
    return failure
  }

  private func failure(at location: String, found: JSONValue) -> Failure {
    if case .string(let text) = found {
      return failure(at: location, found: "\(found.summary) (a string)", remedy: field.remedy(text))
    }
    return failure(
      at: location, found: found.kind == "a number" ? "\(found)" : "\(found.summary) (\(found.kind))", remedy: nil)
  }

  private func failure(at location: String, found: String, remedy: String?) -> Failure {
    Failure(.usage, "not a value of \(name)", at: location, expected: expected, found: found, remedy: remedy)
  }
}

/// Reads and writes one field, with its type erased.
struct FieldAccess<Target>: Sendable {
  let get: @Sendable (Target) -> JSONValue
  /// False, and `Target` as it was, for a text that is not a value of the field.
  let setText: @Sendable (inout Target, String) -> Bool
  let setJSON: @Sendable (inout Target, JSONValue) -> Bool
  let remedy: @Sendable (String) -> String?
  let explain: @Sendable (JSONValue) -> Failure?

  init<Value>(_ path: any WritableKeyPath<Target, Value> & Sendable, _ format: ValueFormat<Value>) {
    get = { format.toJSON($0[keyPath: path]) }
    setText = { target, text in
      guard let value = format.fromText(text) else { return false }
      target[keyPath: path] = value
      return true
    }
    setJSON = { target, json in
      guard let value = format.fromJSON(json) else { return false }
      target[keyPath: path] = value
      return true
    }
    remedy = format.remedy
    explain = format.explain
  }
}
