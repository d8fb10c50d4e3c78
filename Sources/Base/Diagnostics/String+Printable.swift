extension String {
  /// The text as it may be printed within a line, whoever has written it.
  ///
  /// Control characters, line feeds among them, and invisible marks that turn or hide text on a terminal are replaced by
  /// their JSON escapes, such as `\u001b`: JSON text keeps its meaning.
  package var printable: String { escaping { $0.isUnprintable } }

  /// The same for text of several lines: line feeds and tabulators stay.
  package var printableLines: String { escaping { $0.isUnprintable && $0 != "\n" && $0 != "\t" } }

  private func escaping(_ isEscaped: (Unicode.Scalar) -> Bool) -> String {
    guard unicodeScalars.contains(where: isEscaped) else { return self }
    var result = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if isEscaped(scalar) {
        result.append(contentsOf: scalar.jsonEscape.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }
}

extension Unicode.Scalar {
  fileprivate var isUnprintable: Bool {
    if value < 0x7F { return value < 0x20 }
    // Joiners belong to words of many scripts.
    if value == 0x200C || value == 0x200D { return false }
    switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }

  fileprivate var jsonEscape: String {
    UTF16.encode(self)!.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
