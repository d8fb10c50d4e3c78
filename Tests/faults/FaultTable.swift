import Foundation
import Synchronization

/// What was injected, what had to come of it and what did: one line for each fault.
///
/// Printed as a Markdown table when the test process ends, and written to the file that `BT_DIST_FAULT_TABLE` names, row by
/// row.
enum FaultTable {
  struct Row: Sendable {
    var name: String
    /// How the fault is brought about.
    var injected: String
    var expected: String
    var seen: String
    var passed: Bool
  }

  private static let rows = Mutex<[Row]>([])

  static func add(_ row: Row) {
    let isFirst = rows.withLock { rows in
      rows.append(row)
      return rows.count == 1
    }
    if isFirst { atexit { print(FaultTable.markdown()) } }
    guard let path = ProcessInfo.processInfo.environment["BT_DIST_FAULT_TABLE"] else { return }
    // After each row: the table of a test that is killed is there too.
    do { try Data(markdown().utf8).write(to: URL(fileURLWithPath: path)) } catch { print("\(path): \(error)") }
  }

  /// In the order in which they ran.
  static func markdown() -> String {
    let head = ["| fault | injected by | expected | seen | |", "| --- | --- | --- | --- | --- |"]
    return
      (head
      + rows.withLock { rows in
        rows.map { row in
          let cells = [row.name, row.injected, row.expected, row.seen, row.passed ? "ok" : "**FAILED**"]
          return "| " + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }.joined(separator: " | ")
            + " |"
        }
      }).joined(separator: "\n") + "\n"
  }
}
