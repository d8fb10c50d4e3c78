import Diagnostics
import Files
import ModelFiles

extension Inspector {
  /// The tensors of a safetensors file, its sizes and its metadata.
  func inspectSafetensors(_ path: String) throws -> Inspection {
    let file = try SafetensorsFile(path: path)
    var inspection = Inspection("safetensors", path)
    inspection.add("count", .count(file.entries.count))
    inspection.add("numbers", .count(file.entries.reduce(0) { $0 &+ $1.count }))
    inspection.add("bytes of data", .bytes(file.entries.reduce(0) { $0 &+ $1.bytes }))
    inspection.add(
      Inspection.Table(
        name: "metadata", columns: ["key", "value"],
        rows: file.metadata.sorted { $0.key < $1.key }
          .map { [.text($0.key), InspectedValue(text: Self.abstract($0.value).printable, json: .string($0.value))] }))
    add(file, to: &inspection)
    return inspection
  }

  /// How much is in the tensors, and a table of them, with statistics if wanted. Values that are not finite are problems.
  func add(_ file: SafetensorsFile, to inspection: inout Inspection) {
    let counts = TensorCounts(file)
    inspection.add("contents", .text(counts.text))
    inspection.add("parameters", .count(counts.parameters))
    inspection.add("buffers", .count(counts.buffers))
    var table = Inspection.Table(name: "tensors", columns: ["name", "dtype", "shape", "numbers"])
    if readsValues { table.columns += ValueStatistics.columns }
    for entry in file.entries.sorted(by: { Self.precedes($0.name, $1.name) }) {
      var row: [InspectedValue] = [.text(entry.name), .text(entry.dtype), .shape(entry.shape), .count(entry.count)]
      if readsValues {
        var statistics = ValueStatistics()
        // A type that is not read here has a row without numbers.
        if let values = try? file.floats(of: entry.name, converting: true) {
          values.withUnsafeBufferPointer { statistics.add($0) }
          row += statistics.values
        } else {
          row += ValueStatistics.columns.map { _ in .none }
        }
        if statistics.nonFinite > 0 {
          inspection.problems.append("\(entry.name): values that are not finite: \(statistics.nonFinite)")
        }
      }
      table.rows.append(row)
    }
    inspection.add(table)
  }

  /// Names in their order, numbers in them by their value: `layer1.2` before `layer1.10`.
  private static func precedes(_ a: String, _ b: String) -> Bool {
    for (a, b) in zip(a.split(separator: "."), b.split(separator: ".")) where a != b {
      if let a = Int(a), let b = Int(b) { return a < b }
      return a < b
    }
    return a < b
  }

  /// The beginning on one line: metadata may be whole documents.
  private static func abstract(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }.joined(separator: " ")
    return line.count > 90 ? line.prefix(90) + "…" : line
  }
}
