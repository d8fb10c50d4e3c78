import Diagnostics

/// Data specifications: the values of `--data` and its relatives.
public enum DataSpec {
  public static let kinds: [DataKind] = [.fashionMNIST, .idx, .npy, .pairs, .synthetic]

  /// Opens a data set such as `idx:images.gz,labels.gz`.
  ///
  /// Errors: `Failure(.usage)` for a specification that cannot be understood, `Failure(.data)` for files that cannot be
  /// used. Headers and sizes are checked here, values when they are read.
  public static func open(_ text: String) throws -> any Dataset {
    let word = text.prefix { $0 != ":" }
    let arguments = String(text.dropFirst(word.count + 1))
    if let kind = kinds.first(where: { $0.name == word }) {
      return try kind.open(DataArguments(spec: text, text: arguments, form: kind.form))
    }
    throw Failure(
      .usage, text.isEmpty ? "no data specification is given" : "'\(word)' is not a kind of data", at: location(text),
      expected: kinds.map(\.form).joined(separator: ", "), remedy: hint(String(word), text))
  }

  /// The files that a specification names, whether or not they are there; none for one that cannot be understood.
  package static func files(_ text: String) -> [String] {
    let word = text.prefix { $0 != ":" }
    guard let kind = kinds.first(where: { $0.name == word }), kind.takesFiles else { return [] }
    return DataArguments.paths(in: text.dropFirst(word.count + 1))
  }

  private static func hint(_ word: String, _ text: String) -> String? {
    if text.hasSuffix(".npy") { return "for an array file write npy:\(text)" }
    if let question = NearestName.question(for: word, among: kinds.map(\.name)) { return question }
    return word.contains("/") ? "write the kind of data before the path: npy:PATH or idx:PATH" : nil
  }

  package static func location(_ text: String) -> String { "data specification '\(text)'" }
}
