import Diagnostics
import JSON

extension Inspection {
  /// For people: the facts, then the tables, then the problems; ends with a line feed.
  package var text: String {
    var lines = ["\(path.printable): \(kind)"]
    let width = facts.map(\.name.count).max() ?? 0
    lines += facts.map { "  " + Self.padded($0.name, width) + "  \($0.value.text)" }
    for table in tables { lines += ["", table.name] + Self.lines(table) }
    if !problems.isEmpty { lines += [""] + problems.map { "problem: \($0)" } }
    return lines.joined(separator: "\n") + "\n"
  }

  /// For machines: one JSON object; a table is a list of objects, by its name.
  package var json: String {
    var members: [String: JSONValue] = [
      "kind": .string(kind), "path": .string(path), "problems": .array(problems.map { .string($0) }),
    ]
    for fact in facts { members[Self.key(fact.name)] = fact.value.json }
    for table in tables {
      let keys = table.columns.map(Self.key)
      members[Self.key(table.name)] = .array(
        table.rows.map { row in .object(Dictionary(zip(keys, row.map(\.json))) { $1 }) })
    }
    return JSONValue.object(members).description + "\n"
  }

  private static func key(_ name: String) -> String { String(name.map { $0 == " " ? "_" : $0 }) }

  /// Numbers to the right, the last column without spaces after it.
  private static func lines(_ table: Table) -> [String] {
    let rows = [table.columns] + table.rows.map { $0.map(\.text) }
    let widths = table.columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let isNumber = table.columns.indices.map { column in
      table.rows.allSatisfy { row in
        switch row[column].json {
        case .integer, .number, .null: true
        default: false
        }
      }
    }
    return rows.map { row in
      let cells = row.indices.map { column in
        let isLast = column == row.count - 1
        return isNumber[column]
          ? String(repeating: " ", count: widths[column] - row[column].count) + row[column]
          : isLast ? row[column] : padded(row[column], widths[column])
      }
      return "  " + cells.joined(separator: "  ")
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
