/// Some of a host's processors, as the system numbers them: a number is a hardware thread.
///
/// Its text is the system's, such as `0-3,8`; the empty set's is empty.
package struct CPUSet: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Ascending.
  package let numbers: [Int]

  package init(_ numbers: some Sequence<Int>) { self.numbers = Set(numbers).sorted() }

  /// nil for any other text.
  package init?(_ text: some StringProtocol) {
    var numbers: [Int] = []
    for part in String(text).filter({ !$0.isWhitespace }).split(separator: ",") {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      let values = ends.compactMap { Int($0) }
      guard values.count == ends.count, values.count <= 2, values[0] >= 0, values[0] <= values[values.count - 1] else {
        return nil
      }
      numbers += values[0]...values[values.count - 1]
    }
    self.init(numbers)
  }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let set = CPUSet(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "'\(text)'"))
    }
    self = set
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  package var isEmpty: Bool { numbers.isEmpty }
  package var count: Int { numbers.count }

  package func union(_ other: CPUSet) -> CPUSet { CPUSet(numbers + other.numbers) }
  package func intersects(_ other: CPUSet) -> Bool { !Set(numbers).isDisjoint(with: other.numbers) }
  package func isSubset(of other: CPUSet) -> Bool { Set(numbers).isSubset(of: other.numbers) }

  package var description: String {
    numbers.runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }
}
