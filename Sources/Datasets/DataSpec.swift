import Diagnostics

/// A kind of data set: the word before the colon of a specification and what it opens.
///
/// A new reader is one file with one of these, and its name in `DataSpec.kinds`.
public struct DataKind: Sendable {
  public let name: String
  /// How it is written, for help and messages: `npy:X.npy[,Y.npy]`.
  public let form: String
  package let open: @Sendable (DataArguments) throws -> any Dataset

  package init(name: String, form: String, open: @escaping @Sendable (DataArguments) throws -> any Dataset) {
    (self.name, self.form, self.open) = (name, form, open)
  }
}

/// What a reader is asked to open.
package struct DataArguments: Sendable {
  /// The whole specification.
  package let spec: String
  /// What follows the colon; empty without one.
  package let text: String
  /// The form of the kind, for messages.
  package let form: String

  package init(spec: String, text: String, form: String) { (self.spec, self.text, self.form) = (spec, text, form) }

  /// Paths separated by commas, as many as `range` allows and none empty; otherwise `Failure(.usage)`.
  package func paths(_ range: ClosedRange<Int>) throws -> [String] {
    let paths = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard range.contains(paths.count), !paths.contains("") else {
      throw problem(
        "the specification does not name the right number of files", found: spec,
        remedy: "paths are separated by commas and contain none")
    }
    return paths
  }

  /// A `Failure(.usage)` about the specification; without `expected` it shows the form.
  package func problem(
    _ message: String, expected: String? = nil, found: some StringProtocol, remedy: String? = nil
  ) -> Failure {
    Failure(
      .usage, message, at: DataSpec.location(spec), expected: expected ?? form, found: String(found), remedy: remedy)
  }
}

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
      .usage, text.isEmpty ? "no data specification is given" : "'\(word)' is no kind of data", at: location(text),
      expected: kinds.map(\.form).joined(separator: ", "), remedy: hint(String(word), text))
  }

  private static func hint(_ word: String, _ text: String) -> String? {
    if text.hasSuffix(".npy") { return "for an array file write npy:\(text)" }
    if let name = NearestName.of(word, among: kinds.map(\.name)) { return "did you mean '\(name)'?" }
    return word.contains("/") ? "write the kind of data before the path: npy:PATH or idx:PATH" : nil
  }

  package static func location(_ text: String) -> String { "data specification '\(text)'" }
}
