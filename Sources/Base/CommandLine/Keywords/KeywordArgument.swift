import Diagnostics

/// A parameter of an optimizer or encoder under its name in PyTorch, torchvision or nidl, as the options
/// `--optimizer-kwargs` and `--encoder-kwargs` take it.
package struct KeywordArgument: Sendable {
  package var name: String
  /// What the value must be: `a finite number of at least 0`.
  package var expected: String
  package var accepts: @Sendable (KwargValue) -> Bool

  package init(name: String, expected: String, accepts: @escaping @Sendable (KwargValue) -> Bool) {
    self.name = name
    self.expected = expected
    self.accepts = accepts
  }

  package static func number(_ name: String) -> KeywordArgument {
    KeywordArgument(name: name, expected: "a finite number of at least 0") {
      if case .number(let value) = $0 { value.isFinite && value >= 0 } else { false }
    }
  }

  /// From 0 to 1, such as the probability of dropout.
  package static func fraction(_ name: String) -> KeywordArgument {
    KeywordArgument(name: name, expected: "a number from 0 to 1") {
      if case .number(let value) = $0 { (0...1).contains(value) } else { false }
    }
  }

  package static func integer(_ name: String, _ range: ClosedRange<Int>) -> KeywordArgument {
    KeywordArgument(name: name, expected: "an integer \(NumberLimit.text(range))") {
      $0.integer.map(range.contains) ?? false
    }
  }

  package static func integers(_ name: String, count: Int, _ range: ClosedRange<Int>) -> KeywordArgument {
    let expected = "a list of \(count) integers \(NumberLimit.text(range))"
    return KeywordArgument(name: name, expected: expected) {
      $0.integers.map { $0.count == count && $0.allSatisfy(range.contains) } ?? false
    }
  }

  package static func flag(_ name: String) -> KeywordArgument {
    KeywordArgument(name: name, expected: "true or false") { if case .flag = $0 { true } else { false } }
  }

  package static func flags(_ name: String, count: Int) -> KeywordArgument {
    KeywordArgument(name: name, expected: "a list of \(count) booleans") {
      if case .flags(let values) = $0 { values.count == count } else { false }
    }
  }

  package static func word(_ name: String, _ words: [String]) -> KeywordArgument {
    KeywordArgument(name: name, expected: words.map { "\"\($0)\"" }.joined(separator: " or ")) {
      if case .text(let word) = $0 { words.contains(word) } else { false }
    }
  }

  /// Throws unless every keyword is known, and its value is of its kind and in its range.
  ///
  /// - Parameter owner: whose keywords they are: `adamW`.
  /// - Parameter remedy: how to mend a keyword that is not known; nil: the nearest of those that are.
  package static func check(
    _ keywords: [String: KwargValue], of owner: String, known: [KeywordArgument], at location: String,
    remedy: (String) -> String?
  ) throws(Failure) {
    for (name, value) in keywords.sorted(by: { $0.key < $1.key }) {
      guard let keyword = known.first(where: { $0.name == name }) else {
        throw Failure(
          .usage, "\(owner) has no parameter '\(name)'", at: location,
          expected: known.isEmpty ? "no parameters" : known.map(\.name).joined(separator: ", "), found: name,
          remedy: remedy(name) ?? NearestName.question(for: name, among: known.map(\.name)))
      }
      if !keyword.accepts(value) {
        throw Failure(
          .usage, "not a value of \(owner)'s \(name)", at: location, expected: keyword.expected,
          found: value.json.description)
      }
    }
  }
}
