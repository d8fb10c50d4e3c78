import Diagnostics

/// A kind of data set: the word before the colon of a specification and what it opens.
///
/// A new reader is one file with one of these, and its name in `DataSpec.kinds`.
public struct DataKind: Sendable {
  public let name: String
  /// How it is written, for help and messages: `npy:X.npy[,Y.npy]`.
  public let form: String
  /// Whether it is given paths, separated by commas.
  package let takesFiles: Bool
  package let open: @Sendable (DataArguments) throws -> any Dataset

  package init(
    name: String, form: String, takesFiles: Bool = true, open: @escaping @Sendable (DataArguments) throws -> any Dataset
  ) {
    self.name = name
    self.form = form
    self.takesFiles = takesFiles
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
    let paths = Self.paths(in: text)
    guard range.contains(paths.count), !paths.contains("") else {
      throw problem(
        "the specification does not name the right number of files", found: spec,
        remedy: "paths are separated by commas; write \\, for a comma in a path, and \\\\ for a backslash before one")
    }
    if let path = paths.first(where: UnexpandedHome.isIn) {
      throw problem("a path begins with ~, which is not expanded here", found: path, remedy: UnexpandedHome.remedy)
    }
    return paths
  }

  /// The parts between commas; after a backslash, a comma or a backslash stands for itself.
  static func paths(in text: some StringProtocol) -> [String] {
    var (paths, rest) = ([""], text[...])
    while let character = rest.popFirst() {
      if character == "\\", let next = rest.first, next == "," || next == "\\" {
        paths[paths.count - 1].append(rest.removeFirst())
      } else if character == "," {
        paths.append("")
      } else {
        paths[paths.count - 1].append(character)
      }
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
