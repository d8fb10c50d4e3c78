import Foundation

/// Numbers and columns of a run's summary.
package enum SummaryText {
  /// `11,176,512`
  package static func grouped(_ number: Int) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// Three digits with a decimal prefix: `1.81 G`, `950 k`, `0`.
  package static func scaled(_ number: Double) -> String {
    let prefixes = ["", " k", " M", " G", " T", " P", " E"]
    var (value, step) = (number, 0)
    while value >= 999.5, step + 1 < prefixes.count { (value, step) = (value / 1000, step + 1) }
    return (step == 0 ? String(format: "%.0f", value) : threeDigits(value)) + prefixes[step]
  }

  /// Three digits with a binary prefix: `4.92 GiB`, `312 MiB`.
  package static func bytes(_ bytes: Int) -> String {
    let prefixes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var (value, step) = (Double(bytes), 0)
    while value >= 999.5, step + 1 < prefixes.count { (value, step) = (value / 1024, step + 1) }
    return "\(step == 0 ? String(bytes) : threeDigits(value)) \(prefixes[step])"
  }

  private static func threeDigits(_ value: Double) -> String {
    String(format: value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value)
  }

  /// Rows with columns as wide as their widest cell, the first `texts` of them flush left and the others flush right.
  ///
  /// - Parameter limits: the most characters of a column of text. Longer cells lose their end; in the first column, where
  /// names stand, their beginning.
  package static func table(_ rows: [[String]], limits: [Int], indent: Int = 2) -> [String] {
    let cells = rows.map { row in
      row.enumerated().map { $0 < limits.count ? shortened($1, limits[$0], keepsEnd: $0 == 0) : $1 }
    }
    let columns = cells.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in cells.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return cells.map { row in
      let padded = row.enumerated().map { column, text in
        let blanks = String(repeating: " ", count: widths[column] - text.count)
        return column < limits.count ? text + blanks : blanks + text
      }
      let line = String(repeating: " ", count: indent) + padded.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func shortened(_ text: String, _ limit: Int, keepsEnd: Bool) -> String {
    guard text.count > limit else { return text }
    return keepsEnd ? "…" + text.suffix(limit - 1) : text.prefix(limit - 1) + "…"
  }
}
