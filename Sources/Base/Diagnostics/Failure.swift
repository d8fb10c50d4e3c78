/// An error for the user: what went wrong, where, what was expected and found, and how to mend it.
///
/// Every library of bt-dist throws this type; only the program prints it, once, and exits with `kind.rawValue`.
public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
  /// The exit codes of `sysexits.h` that bt-dist promises to its callers.
  public enum Kind: Int32, Sendable {
    /// A wrong option or configuration.
    case usage = 64
    /// Bad input data: a file, a record, a value.
    case data = 65
    /// A defect of bt-dist, or of a library under it.
    case defect = 70
    /// An output that cannot be written.
    case cannotWrite = 73
    /// Interrupted with a checkpoint saved: launch again to resume.
    case interrupted = 75
  }

  public var kind: Kind
  /// One sentence without a full stop: `the file ends too early`.
  public var message: String
  /// File, record, option, rank or host: `train-images.gz, record 17`.
  public var location: String?
  public var expected: String?
  public var found: String?
  /// How to mend it, as an instruction.
  public var remedy: String?

  public init(
    _ kind: Kind, _ message: String, at location: String? = nil, expected: String? = nil, found: String? = nil,
    remedy: String? = nil
  ) {
    self.kind = kind
    self.message = message
    self.location = location
    self.expected = expected
    self.found = found
    self.remedy = remedy
  }

  /// Several lines: the message with its place, then `expected:`, `found:` and `remedy:` where there are any.
  ///
  /// Names and values from files cannot add lines that look like ours: their place is one line, and what follows is
  /// indented.
  public var description: String {
    var lines = [location.map { "\($0.printable): \(message)" } ?? message]
    for (name, text) in [("expected: ", expected), ("found:    ", found), ("remedy:   ", remedy)] {
      guard let text else { continue }
      lines.append(
        "  " + name + text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n            "))
    }
    return lines.joined(separator: "\n")
  }
}
