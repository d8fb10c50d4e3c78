import Diagnostics
import Foundation
import JSON

/// What `bt-dist inspect` has found at a path: facts, tables, and what is wrong with it.
package struct Inspection: Sendable {
  /// A column of values under one name.
  package struct Table: Sendable {
    /// One word, also the key in JSON: `checkpoints`.
    package var name: String
    package var columns: [String]
    /// Each as long as `columns`.
    package var rows: [[InspectedValue]] = []
  }

  /// `run`, `checkpoint`, `safetensors`, `npy`, `idx` or `data set`.
  package var kind: String
  package var path: String
  package var facts: [(name: String, value: InspectedValue)] = []
  package var tables: [Table] = []
  /// What could not be read or is not as it should be, one text each.
  package var problems: [String] = []

  init(_ kind: String, _ path: String) { (self.kind, self.path) = (kind, path) }

  mutating func add(_ name: String, _ value: InspectedValue) { facts.append((name, value)) }

  mutating func add(_ table: Table) { if !table.rows.isEmpty { tables.append(table) } }

  /// Runs `body`; what it throws becomes a problem, so that the rest can still be said.
  mutating func attempt(_ body: (inout Inspection) throws -> Void) {
    do { try body(&self) } catch { problems.append("\(error)") }
  }
}

/// A value as people and as machines read it.
package struct InspectedValue: Sendable {
  package var text: String
  package var json: JSONValue

  static func text(_ text: String) -> Self { Self(text: text.printable, json: .string(text)) }
  static func count(_ value: Int) -> Self { Self(text: "\(value)", json: .integer(Int128(value))) }
  static func flag(_ value: Bool) -> Self { Self(text: value ? "yes" : "no", json: .bool(value)) }
  static let none = Self(text: "-", json: .null)

  /// `64×3×7×7`; `scalar` for no dimensions.
  static func shape(_ shape: [Int]) -> Self {
    Self(
      text: shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×"),
      json: .array(shape.map { .integer(Int128($0)) }))
  }

  /// Six significant digits; JSON has no NaN and no infinity.
  static func number(_ value: Double) -> Self {
    Self(text: String(format: "%.6g", value), json: value.isFinite ? .number(value) : .null)
  }

  /// `11.2 MiB`
  static func bytes(_ value: Int) -> Self {
    Self(text: SummaryText.bytes(value), json: .integer(Int128(value)))
  }
}
