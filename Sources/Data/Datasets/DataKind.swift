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
    self.name = name
    self.form = form
    self.open = open
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
