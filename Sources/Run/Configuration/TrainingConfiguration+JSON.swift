import CommandLine
import Diagnostics
import Foundation

extension TrainingConfiguration {
  /// The canonical JSON for a run folder's `config.json`: every option, keys sorted, one a line.
  ///
  /// Equal configurations give equal bytes. The text is plain JSON and also a file for `--config`.
  public var json: String {
    let options = Self.optionTable.options.sorted { $0.name < $1.name }
    let lines = options.map { "  \($0.name.quotedJSON): \($0.value(in: self))" }
    return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
  }

  /// Reads back what `json` wrote; options that the text lacks keep their defaults, so that older runs stay readable.
  ///
  /// `path` is where the text comes from, for errors: bad JSON, an unknown key (the run may be of a newer bt-dist), a
  /// value of the wrong kind or out of range. What options mean together is not checked.
  public init(json text: String, path: String = "config.json") throws(Failure) {
    self.init()
    var origins: ValueOrigins = [:]
    try Self.optionTable.apply(ConfigurationFile(path: path, bytes: Data(text.utf8)), to: &self, origins: &origins)
  }
}
